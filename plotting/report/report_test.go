package report_test

import (
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/plotting/report"
)

func exampleRun() *history.History {
	h := &history.History{Run: history.Run{
		Name: "digits <equal>", Created: time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC), Seed: 42, Steps: 200, BatchSize: 32,
		Weighting: "equal", Optimizer: "adam, learning rate 0.001", Backend: "go", Versions: map[string]string{"gomlx": "v0.28.2"},
		Tasks: []history.Task{
			{Name: "digit", Metrics: []history.Metric{{Name: "accuracy", HigherIsBetter: true}}},
			{Name: "ink", Metrics: []history.Metric{{Name: "RMSE"}}},
		},
	}}
	for step := 1; step <= 200; step++ {
		level := math.Exp(-float64(step)/50) + 0.01*math.Sin(float64(step))
		r := history.Record{
			Step: step, Split: history.Train, Seconds: float64(step) / 10,
			Loss: map[string]float64{"digit": 2.3 * level, "ink": 0.2 * level}, Weight: map[string]float64{"digit": 1, "ink": 1},
		}
		h.Records = append(h.Records, r)
		if step%20 == 0 {
			h.Records = append(h.Records, history.Record{
				Step: step, Split: history.Validation, Loss: map[string]float64{"digit": 2.4 * level, "ink": 0.3 * level},
				Metric: map[string]map[string]float64{"digit": {"accuracy": 1 - level}, "ink": {"RMSE": math.Sqrt(math.Abs(level))}},
			})
		}
	}
	return h
}

func ExampleWrite() {
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	files, err := report.Write(exampleRun(), dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, file := range files {
		fmt.Println(filepath.Base(file))
	}
	// Output:
	// report.html
	// losses.svg
	// losses.png
	// losses-log.svg
	// losses-log.png
	// weights.svg
	// weights.png
	// metrics-validation.svg
	// metrics-validation.png
}

func TestPageIsSelfContained(t *testing.T) {
	dir := t.TempDir()
	if _, err := report.Write(exampleRun(), dir); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, report.Page))
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, address := range regexp.MustCompile(`(?:src|href)="([^"]{0,40})`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(address[1], "data:image/") {
			t.Errorf("the page needs another file: %s", address[1])
		}
	}
	for _, want := range []string{"digits &lt;equal&gt;", "accuracy", "validation, step 200", "gomlx v0.28.2", "200 of 200", "20s"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if n := strings.Count(page, "<img "); n != 4 {
		t.Errorf("%d pictures in the page, want 4", n)
	}
}

func TestRunWithoutRecords(t *testing.T) {
	files, err := report.Write(&history.History{}, filepath.Join(t.TempDir(), "new", "folder"))
	if err != nil || len(files) != 5 {
		t.Errorf("got %d files and %v, want the page and two empty figures", len(files), err)
	}
}

func TestFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := report.Write(exampleRun(), filepath.Join(file, "plots")); err == nil || !strings.Contains(err.Error(), "cannot make the folder") {
		t.Errorf("got %v, want an error about the folder", err)
	}
}
