package plotting_test

import (
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gomtl/gomtl/mtl/affinity"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting"
)

// extremes are lists of values that overflow, vanish or collide in plain arithmetic.
var extremes = map[string][]float64{
	"huge":       {1e308, -1e308, 1, 0.5},
	"greatest":   {math.MaxFloat64, -math.MaxFloat64},
	"one huge":   {0.5, 0.4, 1e308, 0.3, 0.2},
	"tiny":       {5e-324, 1e-323, 5e-324},
	"all sizes":  {1, 2, 1e-300, 1e300, 5},
	"both ends":  {5e-324, math.MaxFloat64, 0, 1},
	"constant":   {0.30000001, 0.30000001, 0.30000001},
	"zero":       {0, 0, 0},
	"one bit":    {0.3, math.Nextafter(0.3, 1), 0.3},
	"bit of 1e9": {1e9, math.Nextafter(1e9, math.Inf(1)), 1e9},
	"no number":  {math.NaN(), math.Inf(1), math.Inf(-1)},
	"mixed":      {math.NaN(), 1e308, math.Inf(1), 1e-308, -5e-324, math.Inf(-1), 2},
	"negative":   {-1e-320, -1e308, -3},
}

func randomExtremes(rng *rand.Rand) []float64 {
	values := make([]float64, 1+rng.IntN(12))
	for i := range values {
		values[i] = math.Float64frombits(rng.Uint64())
	}
	return values
}

// TestExtremeValues draws every figure of values at the limits of a float64: a picture within
// seconds with every mark on it, or an error that says what was wanted.
func TestExtremeValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for i := range 12 {
		extremes[fmt.Sprintf("random %d", i)] = randomExtremes(rng)
	}
	for name, values := range extremes {
		for plot, draw := range extremePlots(values) {
			t.Run(plot+" "+name, func(t *testing.T) {
				done := make(chan error, 1)
				go func() {
					f := draw()
					if err := f.Err(); err != nil {
						if strings.Contains(err.Error(), "want") {
							err = nil
						}
						done <- err
						return
					}
					err := f.WriteSVG(io.Discard)
					if strings.HasPrefix(plot, "losses") {
						err = errors.Join(err, f.WritePNG(io.Discard)) // the rest has the same canvas
					}
					done <- err
				}()
				select {
				case err := <-done:
					if err != nil {
						t.Errorf("%v: %v", values, err)
					}
				case <-time.After(30 * time.Second):
					t.Fatalf("%v: still drawing after 30 s", values)
				}
			})
		}
	}
}

// extremePlots are all kinds of figures of the values.
func extremePlots(values []float64) map[string]func() *plotting.Figure {
	at := func(i int) float64 { return values[i%len(values)] }
	h := extremeRun(values)
	s := extremeStudy(values)
	var pairs [][2]float64
	for i := range values {
		pairs = append(pairs, [2]float64{at(i), at(i + 1)})
	}
	m := affinity.New("affinity", false, "a", "b", "c")
	for i := range m.Values {
		for j := range m.Values[i] {
			m.Values[i][j] = at(3*i + j)
		}
	}
	both := map[string]float64{"a": at(0), "b": at(1)}
	group := &affinity.Grouping{Groups: []affinity.Group{{Tasks: []string{"a", "b"}, Serves: []string{"a", "b"}}}}
	trend := plotting.TrendPanel{Lines: []plotting.Trend{{Name: "a", X: values, Values: make([][]float64, len(values))}}}
	for i := range values {
		trend.Lines[0].Values[i] = []float64{at(i), at(i + 1), at(i + 2)}
	}
	plots := map[string]func() *plotting.Figure{
		"losses":     func() *plotting.Figure { return plotting.Losses{}.Figure(h) },
		"losses log": func() *plotting.Figure { return plotting.Losses{Log: true}.Figure(h) },
		"weights":    func() *plotting.Figure { return plotting.Weights{}.Figure(h) },
		"metrics":    func() *plotting.Figure { return plotting.Metrics{}.Figure(h) },
		"compare":    func() *plotting.Figure { return plotting.Compare{Log: true}.Figure(h, h) },
		"over time":  func() *plotting.Figure { return plotting.OverTime{Name: "pairs"}.Figure(h) },
		"lines":      func() *plotting.Figure { return plotting.OverTime{Name: "list"}.Figure(h) },
		"confusion": func() *plotting.Figure {
			return plotting.Confusion{}.Figure([][]float64{{at(0), at(1)}, {at(2), at(3)}}, nil)
		},
		"scatter": func() *plotting.Figure {
			return plotting.Scatter{}.Figure(values, append(values[1:len(values):len(values)], values[0]))
		},
		"landscape": func() *plotting.Figure {
			return plotting.Landscape{}.Figure(func(x, y float64) float64 { return x * y }, pairs, plotting.Walks{Paths: [][][2]float64{pairs}})
		},
		"ranges": func() *plotting.Figure {
			return plotting.Landscape{X: pairs[0], Y: pairs[len(pairs)-1]}.Figure(func(x, _ float64) float64 { return x }, nil, plotting.Walks{Paths: [][][2]float64{pairs}})
		},
		"conflict": func() *plotting.Figure {
			return plotting.Conflict{}.Figure(pairs, plotting.Update{Direction: pairs[0]}, plotting.Update{Direction: [2]float64{1, -1}})
		},
		"affinity": func() *plotting.Figure { return plotting.Affinity{Groups: 2}.Figure(m) },
		"grouping": func() *plotting.Figure {
			return plotting.Grouping{}.Figure([]string{"a", "b"}, plotting.GroupingResult{Grouping: group, Predicted: both, Measured: both})
		},
		"trends":      func() *plotting.Figure { return plotting.Trends{}.Figure(trend) },
		"trends log":  func() *plotting.Figure { return plotting.Trends{Log: true}.Figure(trend) },
		"simplex":     func() *plotting.Figure { return plotting.Simplex{}.Figure(s) },
		"sweep log":   func() *plotting.Figure { return plotting.SweepLosses{Log: true, Each: true}.Figure(s) },
		"trade-off":   func() *plotting.Figure { return plotting.TradeOff{}.Figure(s) },
		"chosen":      func() *plotting.Figure { return plotting.Chosen{}.Figure(s) },
		"response":    func() *plotting.Figure { return plotting.Response{}.Figure(s) },
		"response by": func() *plotting.Figure { return plotting.Response{By: study.LearningRate}.Figure(s) },
		"parallel":    func() *plotting.Figure { return plotting.Parallel{}.Figure(s) },
		"gray": func() *plotting.Figure {
			return plotting.Images{}.Figure([]image.Image{plotting.Gray(values, 1), plotting.RGB(append(values, 0, 0, 0), 1)}, nil)
		},
	}
	return plots
}

// extremeRun has the values as losses, weights, metrics and reports.
func extremeRun(values []float64) *history.History {
	h := &history.History{Run: history.Run{Name: "extreme", Tasks: []history.Task{{Name: "a", Metrics: []history.Metric{{Name: "m"}}}, {Name: "b"}}, Quantities: []history.Quantity{
		{Name: "pairs", Rows: []string{"a", "b"}, Columns: []string{"a", "b"}}, {Name: "list", Rows: []string{"a", "b"}},
	}}}
	for i, v := range values {
		next := values[(i+1)%len(values)]
		losses := map[string]float64{"a": v, "b": next}
		reports := map[string][]float64{"pairs": {v, next, v, next}, "list": {v, next}}
		for _, split := range []string{history.Train, history.Validation} {
			h.Records = append(h.Records, history.Record{Step: i + 1, Split: split, Loss: losses, Weight: losses, Metric: map[string]map[string]float64{"a": {"m": v}}, Values: reports})
		}
	}
	return h
}

// extremeStudy has the values as weights, learning rates and figures of three tasks.
func extremeStudy(values []float64) *study.Study {
	tasks := []history.Task{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	s := &study.Study{Name: "extreme", Tasks: tasks, Objectives: study.Objectives(tasks), Split: history.Validation}
	at := func(i int) float64 { return values[i%len(values)] }
	for _, task := range tasks {
		s.Put(&study.Trial{Setting: study.Setting{Alone: task.Name, Seed: 1}, State: study.Done, Loss: map[string]float64{task.Name: at(len(s.Baselines))}})
	}
	for i := range max(3, len(values)) {
		for seed := range int64(2) {
			loss := map[string]float64{"a": at(i), "b": at(i + 1), "c": at(i + 2 + int(seed))}
			setting := study.Setting{Weights: map[string]float64{"a": at(i), "b": 1, "c": at(i + 1)}, Values: map[string][]float64{study.LearningRate: {at(i + 2)}}, Seed: seed + 1}
			s.Put(&study.Trial{Setting: setting, State: study.Done, Loss: loss, History: extremeRun(values)})
		}
	}
	return s
}
