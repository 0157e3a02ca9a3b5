package plotting_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomtl/gomtl/mtl/affinity"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/plotting"
	"gonum.org/v1/plot/cmpimg"
)

var update = flag.Bool("update", false, "write the golden pictures instead of comparing with them; look at each before committing it")

func TestExamples(t *testing.T) {
	for name, example := range map[string]func(){
		"losses": ExampleLosses, "weights": ExampleWeights, "metrics": ExampleMetrics, "compare": ExampleCompare,
		"confusion": ExampleConfusion, "scatter": ExampleScatter, "segmentation": ExampleSegmentation, "images": ExampleImages,
		"landscape": ExampleLandscape, "over-time": ExampleOverTime, "trends": ExampleTrends, "conflict": ExampleConflict,
		"affinity": ExampleAffinity, "grouping": ExampleGrouping,
	} {
		t.Run(name, func(t *testing.T) {
			checkGolden(t, name, example)
		})
	}
}

// TestHardCases draws what breaks layouts: no data, one point, gaps, many tasks, long names, many classes, tiny and huge values.
func TestHardCases(t *testing.T) {
	for name, figure := range map[string]*plotting.Figure{
		"hard-no-tasks":     plotting.Losses{}.Figure(&history.History{}),
		"hard-no-records":   plotting.Losses{}.Figure(&history.History{Run: exampleRun("just begun", 1).Run}),
		"hard-one-record":   plotting.Losses{}.Figure(firstRecords(exampleRun("one record", 1), 1)),
		"hard-gaps":         plotting.Losses{Log: true}.Figure(runWithGaps()),
		"hard-12-tasks":     plotting.Losses{}.Figure(runOf(12)),
		"hard-12-weights":   plotting.Weights{}.Figure(runOf(12)),
		"hard-one-task":     plotting.Losses{}.Figure(runOf(1)),
		"hard-constant":     plotting.Losses{}.Figure(levels()),
		"hard-constant-log": plotting.Losses{Log: true}.Figure(levels()),
		"hard-huge":         plotting.Losses{}.Figure(spikes()),
		"hard-huge-log":     plotting.Losses{Log: true}.Figure(spikes()),
		"hard-30-classes":   plotting.Confusion{Task: 4}.Figure(diagonal(30)),
		"hard-2-classes":    plotting.Confusion{Task: 5}.Figure([][]float64{{12345, 67}, {0, 0}}, []string{"no", "yes"}),
		"hard-no-examples":  plotting.Scatter{}.Figure(nil, nil),
		"hard-equal-values": plotting.Scatter{}.Figure([]float64{2, 2, math.NaN()}, []float64{2, 2, 1}),
		"hard-no-paths":     plotting.Landscape{}.Figure(func(x, y float64) float64 { return x }, nil),
		"hard-paths":        hardPaths(),
		"hard-conflicts":    hardConflicts(),
		"hard-gates":        plotting.OverTime{Name: "gate/level_0"}.Figure(gates()),
		"hard-affinities":   hardAffinities(),
		"hard-one-affinity": plotting.Affinity{Groups: 3}.Figure(affinity.New("nothing", true, "a task")),
		"hard-no-groups":    plotting.Grouping{}.Figure([]string{"a"}),
		"hard-21-classes":   plotting.Segmentation{Title: "A street"}.Figure(street()),
	} {
		t.Run(name, func(t *testing.T) {
			checkGolden(t, name, func() {
				if err := figure.Save(name + ".png"); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// checkGolden calls draw in an empty folder and compares NAME.png from there with testdata/NAME.png.
func checkGolden(t *testing.T, name string, draw func()) {
	t.Helper()
	golden, err := filepath.Abs(filepath.Join("testdata", name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	draw()
	got, err := os.ReadFile(name + ".png")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	// The tolerance covers the last bit of floating point on other processors, nothing that the eye could see.
	if equal, err := cmpimg.EqualApprox("png", got, want, 0.05); err != nil || !equal {
		failed := filepath.Join(os.TempDir(), "gomtl-"+name+".png")
		_ = os.WriteFile(failed, got, 0o644)
		t.Errorf("the picture differs from testdata/%s.png (%v): look at %s, and run the test with -update if it is right", name, err, failed)
	}
}

func firstRecords(h *history.History, n int) *history.History {
	return &history.History{Run: h.Run, Records: h.Records[:n]}
}

// runWithGaps has a NaN, an infinite stretch, a zero (a gap on a logarithmic axis), a lone point and a spike.
func runWithGaps() *history.History {
	h := exampleRun("with gaps", 1)
	for i, r := range h.Records {
		loss := r.Loss
		switch {
		case r.Step == 100:
			loss["left digit"] = math.NaN()
		case r.Step >= 200 && r.Step < 300:
			loss["right digit"] = math.Inf(1)
		case r.Step == 400:
			loss["segmentation"] = 0
		case r.Step == 450:
			loss["segmentation"] = 60
		}
		if r.Step != 300 {
			delete(h.Records[i].Loss, "ink")
		}
	}
	return h
}

func runOf(tasks int) *history.History {
	h := &history.History{Run: history.Run{Name: "a run whose name is so long that it cannot stand beside the title of the figure without being shortened"}}
	for i := range tasks {
		name := fmt.Sprintf("task %d", i+1)
		if i%5 == 0 {
			name = fmt.Sprintf("semantic segmentation of the street, coarse labels, camera %d", i+1)
		}
		h.Run.Tasks = append(h.Run.Tasks, history.Task{Name: name})
	}
	for step := 500; step <= 200_000; step += 500 {
		r := history.Record{Step: step, Split: history.Train, Loss: map[string]float64{}, Weight: map[string]float64{}}
		for i, task := range h.Run.Tasks {
			t := float64(step) / 200_000
			r.Loss[task.Name] = math.Pow(10, float64(i-5)) * (1 + math.Cos(40*t)/8) / (0.2 + t)
			r.Weight[task.Name] = 1 + 0.8*math.Sin(float64(i)+4*t)
		}
		h.Records = append(h.Records, r)
	}
	return h
}

// levels has a loss that is constant to the bit, one that is 0, one with rounding errors around
// 1e9 and one that rises from 1e9 by 50.
func levels() *history.History {
	h := &history.History{Run: history.Run{Name: "constant", Tasks: []history.Task{{Name: "frozen"}, {Name: "zero"}, {Name: "rounding"}, {Name: "rising"}}}}
	for i := range 50 {
		rounding := 1e9 + 1e-7*float64(i%3)
		loss := map[string]float64{"frozen": 0.30000001, "zero": 0, "rounding": rounding, "rising": 1e9 + float64(i)}
		h.Records = append(h.Records, history.Record{Step: i + 1, Split: history.Train, Loss: loss})
	}
	return h
}

// spikes has losses of 1e308 and -1e308 among others, the least that there are, and ones of all
// sizes.
func spikes() *history.History {
	h := &history.History{Run: history.Run{Name: "spikes", Tasks: []history.Task{{Name: "one spike"}, {Name: "both ends"}, {Name: "least"}, {Name: "all sizes"}}}}
	for i := range 50 {
		loss := map[string]float64{
			"one spike": 1 / float64(i+1), "both ends": math.Pow(-1, float64(i)) * 1e308, "least": float64(1+i%2) * 5e-324, "all sizes": math.Pow(10, 12*float64(i)-300),
		}
		if i == 20 {
			loss["one spike"] = 1e308
		}
		h.Records = append(h.Records, history.Record{Step: i + 1, Split: history.Train, Loss: loss})
	}
	return h
}

func diagonal(n int) (counts [][]float64, classes []string) {
	for i := range n {
		row := make([]float64, n)
		row[i], row[(i*7+1)%n] = float64(10*i+5), float64(3*i)
		counts = append(counts, row)
		classes = append(classes, fmt.Sprintf("class number %d of %d", i, n))
	}
	return counts, classes
}

// hardPaths has a path that leaves the panel and comes back, one that ends in NaN, one of a single point, one outside, and a loss with a pole.
func hardPaths() *plotting.Figure {
	loop := make([][2]float64, 100)
	for i := range loop {
		sin, cos := math.Sincos(float64(i) / 15)
		loop[i] = [2]float64{0.5 + cos, sin}
	}
	broken := [][2]float64{{-1, -1}, {-0.5, -0.5}, {math.NaN(), 0}, {0.5, 0.5}}
	walks := []plotting.Walks{
		{Title: "a method whose name is much longer than its panel is wide", Note: "and a note that is longer still, far beyond the panel's right edge", Paths: [][][2]float64{loop, broken}},
		{Paths: [][][2]float64{{{0, 0}}, {{5, 5}, {6, 6}}, nil}},
		{Title: "nothing"}, {}, {Title: "fifth"},
	}
	pole := func(x, y float64) float64 { return math.Log(x*x + y*y - 0.25) }
	return plotting.Landscape{X: [2]float64{-1.2, 1.2}, Y: [2]float64{-1.2, 1.2}}.Figure(pole, [][2]float64{{-2, 0}, {-1, 0}, {0, 0.5}, {1, 0}}, walks...)
}

// hardConflicts has opposite gradients, whose cone is a line, a third task, and updates of length 0.
func hardConflicts() *plotting.Figure {
	return plotting.Conflict{Columns: 2}.Figure([][2]float64{{1, 0}, {-2, 0}, {0, 0.001}},
		plotting.Update{Title: "stop"}, plotting.Update{Title: "a name that does not fit beside the others in its panel at all", Direction: [2]float64{-1e6, -1e6}},
		plotting.Update{Title: "short", Direction: [2]float64{0, 1e-9}})
}

// gates has three tasks with long names, and four experts, one of which is never chosen; a stretch was not recorded.
func gates() *history.History {
	h := &history.History{Run: history.Run{Name: "PLE", Quantities: []history.Quantity{{
		Name: "gate/level_0", Rows: []string{"left digit", "semantic segmentation of the street, coarse labels", "shared"}, Columns: []string{"left digit 1", "segmentation 1", "shared 1", "shared 2"},
	}}}}
	for step := 5; step <= 500; step += 5 {
		var values []float64
		for i := range 3 {
			a, b := 0.3+0.2*math.Sin(float64(step)/60+float64(i)), 0.5-float64(step)/2000
			values = append(values, a, b, 1-a-b, 0)
		}
		if step > 200 && step < 250 {
			values[0] = math.NaN()
		}
		h.Records = append(h.Records, history.Record{Split: history.Train, Step: step, Values: map[string][]float64{"gate/level_0": values}})
	}
	return h
}

// hardAffinities has 14 tasks with long names, values both ways, tiny ones, one unknown, and a grouping whose groups overlap.
func hardAffinities() *plotting.Figure {
	var names []string
	for i := range 14 {
		names = append(names, fmt.Sprintf("semantic segmentation, camera %d", i+1))
	}
	m := affinity.New("look-ahead affinity of a long run, averaged over its second half", false, names...)
	for i := range names {
		for j := range names {
			m.Values[i][j] = 0.003 * math.Sin(float64(3*i+7*j))
		}
	}
	m.Values[2][5] = math.NaN()
	return plotting.Affinity{Grouping: &affinity.Grouping{Groups: []affinity.Group{
		{Tasks: names[:6], Serves: []string{names[0], names[5], names[2]}}, {Tasks: names[3:], Serves: names[6:]},
	}}}.Figure(m)
}

func street() (examples []plotting.SegmentationExample, classes []string) {
	for i := range 21 {
		classes = append(classes, fmt.Sprintf("class %d", i))
	}
	for i := range 2 {
		pixels := make([]float64, 3*60*40)
		truth, prediction := make([]int, 60*40), make([]int, 60*40)
		for k := range truth {
			x, y := k%60, k/60
			truth[k] = (x/10 + y/10*6 + i) % 21
			prediction[k] = ((x+2)/10 + y/10*6 + i) % 21
			if x < 3 {
				truth[k] = -1
			}
			pixels[3*k], pixels[3*k+1], pixels[3*k+2] = float64(x)/60, float64(y)/40, 0.5
		}
		examples = append(examples, plotting.SegmentationExample{
			Image: plotting.RGB(pixels, 60), Truth: plotting.ClassMap(truth, 60), Prediction: plotting.ClassMap(prediction, 60),
		})
	}
	return examples, classes
}
