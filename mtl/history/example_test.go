package history_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gomtl/gomtl/mtl/history"
)

// A run is written record by record and read back for a table or a plot.
func Example() {
	parent, err := os.MkdirTemp("", "runs")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)
	dir := filepath.Join(parent, "digits")

	w, err := history.Create(dir, history.Run{Name: "digits", Steps: 100, Tasks: []history.Task{
		{Name: "left", Kind: "classification", Metrics: []history.Metric{{Name: "accuracy", HigherIsBetter: true}}},
		{Name: "ink", Kind: "regression", Metrics: []history.Metric{{Name: "rmse"}}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	for step := 50; step <= 100; step += 50 {
		err := w.Append(history.Record{
			Step: step, Split: history.Validation,
			Loss:   map[string]float64{"left": 40 / float64(step), "ink": 2 / float64(step)},
			Metric: map[string]map[string]float64{"left": {"accuracy": 0.9}, "ink": {"rmse": 0.2}},
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	h, err := history.Load(dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h.Loss(history.Validation, "left").Values)
	fmt.Print(history.Table(h))
	// Output:
	// [0.8 0.4]
	// | task | metric     | digits (validation) |
	// | ---- | ---------- | ------------------: |
	// | left | loss ↓     |                 0.4 |
	// | left | accuracy ↑ |                 0.9 |
	// | ink  | loss ↓     |                0.02 |
	// | ink  | rmse ↓     |                 0.2 |
}
