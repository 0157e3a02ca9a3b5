package study_test

import (
	"fmt"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
)

// What follows from the figures of three settings and two tasks trained alone.
func Example() {
	s := &study.Study{Split: history.Validation, Tasks: []history.Task{
		{Name: "cls", Metrics: []history.Metric{{Name: "accuracy", HigherIsBetter: true}}},
		{Name: "depth", Metrics: []history.Metric{{Name: "RMSE"}}},
	}}
	s.Objectives = study.Objectives(s.Tasks)
	add := func(setting study.Setting, accuracy, rmse float64) {
		s.Put(&study.Trial{Setting: setting, State: study.Done, Metric: map[string]map[string]float64{"cls": {"accuracy": accuracy}, "depth": {"RMSE": rmse}}})
	}
	add(study.Setting{Alone: "cls", Seed: 1}, 0.70, 0)
	add(study.Setting{Alone: "depth", Seed: 1}, 0, 0.20)
	add(study.Setting{Weights: map[string]float64{"depth": 1}, Seed: 1}, 0.75, 0.30)
	add(study.Setting{Weights: map[string]float64{"depth": 10}, Seed: 1}, 0.74, 0.19)
	add(study.Setting{Weights: map[string]float64{"depth": 100}, Seed: 1}, 0.60, 0.20)
	fmt.Print(s)
	// Output:
	// | setting         | seeds | cls accuracy ↑ | depth RMSE ↓ | Δm task-mean % ↑ | Δm metric-mean % ↓ |                       |
	// | --------------- | ----: | -------------: | -----------: | ---------------: | -----------------: | --------------------: |
	// | each task alone |     1 |            0.7 |          0.2 |                0 |                  0 |                       |
	// | depth 1         |     1 |           0.75 |          0.3 |            -21.4 |              +21.4 |           *, best cls |
	// | depth 10        |     1 |           0.74 |         0.19 |             +5.4 |               -5.4 | *, chosen, best depth |
	// | depth 100       |     1 |            0.6 |          0.2 |             -7.1 |               +7.1 |                       |
	//
	// * on the Pareto front. Hypervolume 0.0154 up to (cls 0.6, depth 0.3). Judged on validation; ± is the 95 % interval of the mean over seeds.
	//
	// Chosen: depth 10: highest Δm (task-mean) on the Pareto front (2 of 3 settings are on it). cls accuracy ↑ 0.74, alone 0.7; depth RMSE ↓ 0.19, alone 0.2. Δm +5.4 %. One seed proves little: sweep more before relying on it.
}
