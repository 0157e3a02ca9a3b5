package plotting_test

import (
	"fmt"
	"image"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"github.com/gomtl/gomtl/mtl/affinity"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/plotting"
)

// Every example saves its figure in the working directory; TestExamples runs it in an empty one and compares the picture.

func ExampleLosses() {
	h := exampleRun("equal weights", 1)
	if err := (plotting.Losses{Log: true}).Figure(h).Save("losses.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleWeights() {
	h := exampleRun("uncertainty weights", 1)
	if err := (plotting.Weights{}).Figure(h).Save("weights.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleOverTime() {
	h := &history.History{Run: history.Run{Name: "look-ahead", Quantities: []history.Quantity{
		{Name: "cosine", Rows: []string{"depth", "normals", "segmentation"}, Columns: []string{"depth", "normals", "segmentation"}},
	}}}
	for step := 0; step <= 1000; step += 10 {
		s := float64(step)
		a, b, c := 0.8-s/1500, -0.5+0.3*math.Sin(s/150), s/1200-0.6
		h.Records = append(h.Records, history.Record{Split: history.Probe, Step: step, Values: map[string][]float64{"cosine": {1, a, b, a, 1, c, b, c, 1}}})
	}
	if err := (plotting.OverTime{Name: "cosine", Title: "Cosine between task gradients"}).Figure(h).Save("over-time.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleTrends() {
	labels := []float64{50, 100, 300, 600}
	ways := map[string][]float64{"from scratch": {0.29, 0.32, 0.41, 0.44}, "fine-tuned": {0.58, 0.68, 0.82, 0.885}, "frozen": {0.76, 0.83, 0.86, 0.87}}
	panel := plotting.TrendPanel{}
	for _, name := range []string{"from scratch", "fine-tuned", "frozen"} {
		t := plotting.Trend{Name: name, X: labels}
		for i, v := range ways[name] {
			spread := 0.03 / float64(i+1)
			t.Values = append(t.Values, []float64{v - spread, v, v + 0.8*spread})
		}
		panel.Lines = append(panel.Lines, t)
	}
	if err := (plotting.Trends{Title: "Which label pays", X: "labels of the target", Y: "accuracy", Log: true}).Figure(panel).Save("trends.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleMetrics() {
	h := exampleRun("equal weights", 1)
	if err := (plotting.Metrics{}).Figure(h).Save("metrics.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleCompare() {
	equal, uncertainty, dwa := exampleRun("equal weights", 1), exampleRun("uncertainty weights", 1.6), exampleRun("dynamic weight average", 0.7)
	if err := (plotting.Compare{Log: true}).Figure(equal, uncertainty, dwa).Save("compare.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleConfusion() {
	truth, predicted := exampleClasses()
	counts, err := plotting.CountConfusion(truth, predicted, 10)
	if err != nil {
		log.Fatal(err)
	}
	if err := (plotting.Confusion{Title: "Left digit"}).Figure(counts, nil).Save("confusion.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleScatter() {
	rng := rand.New(rand.NewPCG(3, 3))
	var truth, prediction []float64
	for range 600 {
		y := 40 + 25*rng.NormFloat64()
		truth, prediction = append(truth, y), append(prediction, 5+0.9*y+6*rng.NormFloat64())
	}
	if err := (plotting.Scatter{Title: "Ink", Unit: "grey levels", Task: 3}).Figure(truth, prediction).Save("scatter.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleSegmentation() {
	var examples []plotting.SegmentationExample
	for i := range 4 {
		gray, classes := exampleScene(i, 0)
		_, predicted := exampleScene(i, 0.6)
		examples = append(examples, plotting.SegmentationExample{
			Image:      plotting.Gray(gray, 24),
			Truth:      plotting.ClassMap(classes, 24),
			Prediction: plotting.ClassMap(predicted, 24),
		})
	}
	fig := plotting.Segmentation{}.Figure(examples, []string{"background", "left digit", "right digit"})
	if err := fig.Save("segmentation.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleImages() {
	var images []image.Image
	var titles []string
	for i := range 10 {
		gray, _ := exampleScene(i, 0)
		images = append(images, plotting.Gray(gray, 24))
		titles = append(titles, fmt.Sprintf("%d and %d", i, (7*i+3)%10))
	}
	if err := (plotting.Images{Title: "Training examples"}).Figure(images, titles).Save("images.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleLandscape() {
	bowls := func(x, y float64) (first, second float64) {
		return (x-2)*(x-2)/4 + y*y, (x+2)*(x+2)/4 + y*y
	}
	descend := func(x, y, weight float64) (path [][2]float64) {
		for range 200 {
			path = append(path, [2]float64{x, y})
			x, y = x-0.02*(weight*(x-2)/2+(1-weight)*(x+2)/2), y-0.02*2*y
		}
		return path
	}
	starts, target := [][2]float64{{-3, 2}, {3, 1.5}, {1, -2}}, [][2]float64{{-2, 0}, {2, 0}}
	var walks []plotting.Walks
	for _, weight := range []float64{0.5, 0.9} {
		w := plotting.Walks{Title: fmt.Sprintf("Weights %.1f and %.1f", weight, 1-weight), Note: "200 steps from three starts"}
		for _, start := range starts {
			w.Paths = append(w.Paths, descend(start[0], start[1], weight))
		}
		walks = append(walks, w)
	}
	sum := func(x, y float64) float64 {
		first, second := bowls(x, y)
		return first + second
	}
	if err := (plotting.Landscape{Title: "Two bowls"}).Figure(sum, target, walks...).Save("landscape.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleConflict() {
	gradients := [][2]float64{{1, 0.2}, {-1.2, 0.7}}
	fig := plotting.Conflict{Tasks: []string{"left digit", "right digit"}}.Figure(gradients,
		plotting.Update{Title: "Sum", Direction: [2]float64{-0.2, 0.9}},
		plotting.Update{Title: "First alone", Direction: [2]float64{1, 0.2}},
		plotting.Update{Title: "Shortest in the hull", Direction: [2]float64{0.079, 0.336}},
		plotting.Update{Title: "Tenfold", Direction: [2]float64{0.79, 3.36}})
	if err := fig.Save("conflict.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleAffinity() {
	m := affinity.New("cosine of active subspaces", true, "depth", "speech", "normals", "words", "edges")
	together := map[string]int{"depth": 0, "normals": 0, "edges": 0, "speech": 1, "words": 1}
	for i, a := range m.Tasks {
		for j, b := range m.Tasks {
			m.Values[i][j] = 0.04 + 0.01*float64((i*j)%3)
			if together[a] == together[b] {
				m.Values[i][j] += 0.24 + 0.02*float64((i+j)%4)
			}
		}
	}
	if err := (plotting.Affinity{Groups: 2}).Figure(m).Save("affinity.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleGrouping() {
	tasks := []string{"depth", "normals", "edges", "words"}
	all := &affinity.Grouping{Groups: []affinity.Group{{Tasks: tasks, Serves: tasks}}}
	two := &affinity.Grouping{Groups: []affinity.Group{{Tasks: tasks[:3], Serves: tasks[:3]}, {Tasks: tasks[3:], Serves: tasks[3:]}}}
	fig := plotting.Grouping{Predicted: "mean look-ahead affinity from the tasks of the group"}.Figure(tasks,
		plotting.GroupingResult{Grouping: all, Predicted: map[string]float64{"depth": 0.002, "normals": 0.001, "edges": -0.0005, "words": -0.003},
			Measured: map[string]float64{"depth": 2.1, "normals": 1.4, "edges": -0.8, "words": -4.5}},
		plotting.GroupingResult{Grouping: two, Predicted: map[string]float64{"depth": 0.004, "normals": 0.0035, "edges": 0.001, "words": 0},
			Measured: map[string]float64{"depth": 4.3, "normals": 2.9, "edges": 1.2, "words": 0}})
	if err := fig.Save("grouping.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleTable() {
	table := plotting.Table{
		Header: []string{"task", "metric", "multi-task", "single-task", "Δ"},
		Rows: [][]any{
			{"left digit", "accuracy", 0.9712, 0.9655, "+0.6 %"},
			{"ink", "RMSE", 0.03184, 0.0342, "+6.9 %"},
		},
	}
	if err := table.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// task        metric    multi-task  single-task  Δ
	// ─────────────────────────────────────────────────────
	// left digit  accuracy      0.9712       0.9655  +0.6 %
	// ink         RMSE         0.03184       0.0342  +6.9 %
}

// exampleRun is a made-up run of four tasks; speed is how fast its losses fall.
func exampleRun(name string, speed float64) *history.History {
	rng := rand.New(rand.NewPCG(1, uint64(100*speed)))
	const steps = 600
	h := &history.History{Run: history.Run{Name: "multidigits, " + name, Steps: steps, Tasks: []history.Task{
		{Name: "left digit", Metrics: []history.Metric{{Name: "accuracy", HigherIsBetter: true}}},
		{Name: "right digit", Metrics: []history.Metric{{Name: "accuracy", HigherIsBetter: true}}},
		{Name: "segmentation", Metrics: []history.Metric{{Name: "mIoU", HigherIsBetter: true}}},
		{Name: "ink", Metrics: []history.Metric{{Name: "RMSE"}, {Name: "R2", HigherIsBetter: true}}},
	}}}
	scale := []float64{2.3, 2.3, 0.9, 0.05}
	record := func(step int, split string, noise float64) history.Record {
		r := history.Record{Step: step, Split: split, Loss: map[string]float64{}, Weight: map[string]float64{}, Metric: map[string]map[string]float64{}}
		for i, task := range h.Run.Tasks {
			t := float64(step) / steps
			level := math.Exp(-(5-float64(i)/2)*t*speed) + 0.02
			if split == history.Validation {
				level += 0.03 * (1 + t)
			}
			r.Loss[task.Name] = scale[i] * level * math.Exp(noise*rng.NormFloat64())
			r.Weight[task.Name] = []float64{1, 1.1, 1.4, 2.2}[i] * (1 + 0.6*float64(i-1)*(1-math.Exp(-3*t)))
			r.Metric[task.Name] = map[string]float64{}
			for _, m := range task.Metrics {
				v := 1 - 0.9*level
				if !m.HigherIsBetter {
					v = math.Sqrt(scale[i] * level)
				}
				r.Metric[task.Name][m.Name] = v + noise*0.1*rng.NormFloat64()
			}
		}
		return r
	}
	for step := 1; step <= steps; step++ {
		h.Records = append(h.Records, record(step, history.Train, 0.2))
		if step%30 == 0 {
			h.Records = append(h.Records, record(step, history.Validation, 0.05))
		}
	}
	return h
}

// exampleClasses are 1,000 digits and their made-up predictions.
func exampleClasses() (truth, predicted []int) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 1000 {
		t := rng.IntN(10)
		p := t
		if rng.Float64() < 0.12 {
			p = []int{0, 7, 3, 8, 9, 3, 0, 1, 3, 4}[t]
		}
		if rng.Float64() < 0.02 {
			p = rng.IntN(10)
		}
		truth, predicted = append(truth, t), append(predicted, p)
	}
	return truth, predicted
}

// exampleScene draws two rings as grey values and classes, 24 wide and 16 high; shift moves the classes.
func exampleScene(seed int, shift float64) (gray []float32, classes []int32) {
	rng := rand.New(rand.NewPCG(uint64(seed), 9))
	radius := []float64{3 + 2*rng.Float64(), 3 + 2*rng.Float64()}
	squash := []float64{0.6 + 0.6*rng.Float64(), 0.6 + 0.6*rng.Float64()}
	for y := range 16 {
		for x := range 24 {
			value, class := 0.06*rng.Float64(), int32(0)
			for digit, cx := range []float64{6, 17} {
				d := math.Abs(math.Hypot((float64(x)+shift-cx)/squash[digit], float64(y)+shift-7.5) - radius[digit])
				if d < 1.3 {
					value, class = 1-d/2, int32(digit+1)
				}
			}
			gray, classes = append(gray, float32(value)), append(classes, class)
		}
	}
	return gray, classes
}
