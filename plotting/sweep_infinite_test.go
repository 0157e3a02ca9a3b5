package plotting_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting"
)

// Every figure of a sweep can be drawn whatever is infinite or unknown in it.
func TestSweepsOfInfiniteFigures(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, losses := range [][][2]float64{
		{{inf, 1}, {1, inf}}, {{inf, inf}}, {{inf, 1}, {2, 2}, {1, inf}}, {{1, 5}, {2, 2}, {inf, 0}, {5, 1}}, {{-inf, 1}, {2, nan}, {3, 3}, {4, 2}},
	} {
		s := &study.Study{Tasks: []history.Task{{Name: "a"}, {Name: "b"}}}
		s.Objectives = study.Objectives(s.Tasks)
		for i, l := range losses {
			s.Trials = append(s.Trials, &study.Trial{
				Setting: study.Setting{Weights: map[string]float64{"a": float64(i + 1)}, Seed: 1}, State: study.Done, Loss: map[string]float64{"a": l[0], "b": l[1]},
			})
		}
		for _, alone := range [][]float64{nil, {1, 2}, {inf, 2}} {
			s.Baselines = nil
			for i, v := range alone {
				task := s.Tasks[i].Name
				s.Baselines = append(s.Baselines, &study.Trial{Setting: study.Setting{Alone: task, Seed: 1}, State: study.Done, Loss: map[string]float64{task: v}})
			}
			for _, plot := range append(plotting.SweepPlots(s), plotting.TradeOff{}, plotting.Chosen{}, plotting.Parallel{}, plotting.Response{}, plotting.SweepLosses{}) {
				f := plot.Figure(s)
				if f.Err() != nil {
					continue
				}
				var text strings.Builder
				if err := f.WriteSVG(&text); err != nil || strings.Contains(text.String(), `="NaN`) {
					t.Errorf("%T of %v, alone %v: %v", plot, losses, alone, err)
				}
			}
		}
	}
}
