package study_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/delta"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
)

// Means and intervals are SciPy's: benchmarks/oracles/sweep.
func TestIntervals(t *testing.T) {
	data, err := os.ReadFile("../pareto/testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var known struct {
		Intervals []struct {
			Sample          []float64
			Mean, Low, High float64
		}
		Quantiles []struct {
			Freedom  int
			Quantile float64
		}
	}
	if err := json.Unmarshal(data, &known); err != nil {
		t.Fatal(err)
	}
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-10*math.Max(1, math.Abs(b)) }
	for _, k := range known.Intervals {
		got := study.NewInterval(append([]float64{math.NaN()}, k.Sample...))
		if !near(got.Mean, k.Mean) || !near(got.Low(), k.Low) || !near(got.High(), k.High) || got.N != len(k.Sample) {
			t.Errorf("%v: %v in [%v, %v]; wanted %v in [%v, %v]", k.Sample, got.Mean, got.Low(), got.High(), k.Mean, k.Low, k.High)
		}
	}
	for _, k := range known.Quantiles {
		n := k.Freedom + 1
		sample := make([]float64, n) // ±1, and 0 if n is odd: the half width tells the quantile
		square := 0.0
		for i := range n / 2 {
			sample[2*i], sample[2*i+1] = 1, -1
			square += 2
		}
		want := k.Quantile * math.Sqrt(square/float64(k.Freedom)/float64(n))
		if got := study.NewInterval(sample).Half; !near(got, want) {
			t.Errorf("%d degrees of freedom: half width %v; wanted %v", k.Freedom, got, want)
		}
	}
	if len(known.Intervals) == 0 || len(known.Quantiles) == 0 {
		t.Error("nothing was compared")
	}
}

// twoTasks is a study of classification and segmentation with the given figures, three seeds a setting.
func twoTasks(values map[float64][2]float64) *study.Study {
	s := &study.Study{
		Name: "weights", Split: history.Validation,
		Tasks: []history.Task{
			{Name: "cls", Kind: "classification", Metrics: []history.Metric{{Name: "accuracy", HigherIsBetter: true}}},
			{Name: "seg", Kind: "segmentation", Metrics: []history.Metric{{Name: "mIoU", HigherIsBetter: true}}},
		},
	}
	s.Objectives = study.Objectives(s.Tasks)
	trial := func(setting study.Setting, cls, seg float64) *study.Trial {
		return &study.Trial{
			Setting: setting, State: study.Done, Step: 100, Steps: 100, Loss: map[string]float64{"cls": 1 - cls, "seg": 1 - seg},
			Metric: map[string]map[string]float64{"cls": {"accuracy": cls}, "seg": {"mIoU": seg}},
		}
	}
	for i, task := range []string{"cls", "seg"} {
		for seed := range int64(3) {
			v := []float64{0.4, 0.7}[i] + 0.01*float64(seed-1)
			t := trial(study.Setting{Alone: task, Seed: seed + 1}, v, v)
			s.Baselines = append(s.Baselines, t)
		}
	}
	for _, w := range []float64{1, 16, 64, 256} {
		v, known := values[w]
		for seed := range int64(3) {
			if d := 0.01 * float64(seed-1); known {
				s.Trials = append(s.Trials, trial(study.Setting{Weights: map[string]float64{"seg": w}, Seed: seed + 1}, v[0]+d, v[1]+d))
			}
		}
	}
	return s
}

var figures = map[float64][2]float64{1: {0.5, 0.45}, 16: {0.68, 0.65}, 64: {0.77, 0.69}, 256: {0.75, 0.71}}

func TestGroupsFrontAndChoice(t *testing.T) {
	s := twoTasks(figures)
	groups := s.Groups()
	if len(groups) != 4 {
		t.Fatalf("%d groups", len(groups))
	}
	if got := fmt.Sprint(s.Front(groups)); got != "[2 3]" {
		t.Errorf("front %s; wanted weights 64 and 256", got)
	}
	// By hand: the front is (.77, .69), (.75, .71); the worst are .5 and .45.
	volume, reference, err := s.Hypervolume(groups)
	if want := 0.25*0.26 + 0.02*0.24; err != nil || math.Abs(volume-want) > 1e-12 || math.Abs(reference[0]-0.5) > 1e-12 || math.Abs(reference[1]-0.45) > 1e-12 {
		t.Errorf("hypervolume %v up to %v, %v; wanted %v", volume, reference, err, want)
	}
	for i, g := range groups {
		rows := []delta.Compared{
			{Task: "cls", Metric: "accuracy", HigherIsBetter: true, Value: g.Values[0].Mean, Baseline: 0.4},
			{Task: "seg", Metric: "mIoU", HigherIsBetter: true, Value: g.Values[1].Mean, Baseline: 0.7},
		}
		byTask, err := delta.TaskMean(rows)
		if err != nil {
			t.Fatal(err)
		}
		byMetric, err := delta.MetricMean(rows)
		if err != nil {
			t.Fatal(err)
		}
		// Δm is linear in the values: the mean over seeds is that of the means.
		if math.Abs(g.TaskMean.Mean-byTask.Percent) > 1e-9 || math.Abs(g.MetricMean.Mean-byMetric.Percent) > 1e-9 || g.TaskMean.N != 3 {
			t.Errorf("group %d: Δm %v and %v; wanted %v and %v", i, g.TaskMean, g.MetricMean, byTask.Percent, byMetric.Percent)
		}
	}
	c := s.Choose()
	if c.Group.Setting.Weights["seg"] != 64 || !strings.Contains(c.Reason, "highest Δm (task-mean) on the Pareto front (2 of 4 settings are on it, means of 3 seeds)") ||
		!strings.Contains(c.Reason, "overlaps with that of seg 256") {
		t.Errorf("chosen: %s", c.Reason)
	}
	if best := []int{s.Best(groups, 0), s.Best(groups, 1)}; best[0] != 2 || best[1] != 3 {
		t.Errorf("the best of each task are groups %v; wanted 2 and 3", best)
	}

	s.Baselines = nil
	c = s.Choose()
	if c.Rule != "knee of the Pareto front" || strings.Contains(c.Reason, "Δm") {
		t.Errorf("without baselines: %s", c.Reason)
	}
	for _, trial := range s.Trials {
		trial.State = study.Failed
	}
	if s.Choose() != nil || len(s.Front(s.Groups())) != 0 || !s.Groups()[0].Failed() {
		t.Error("something is chosen where all failed")
	}
	if (&study.Study{}).String() == "" || (&study.Study{}).Choose() != nil {
		t.Error("an empty study has no text")
	}
}

// Infinite figures, as of a validation that overflows, are on no front and are not chosen; what is said of the others does not change.
func TestInfiniteFigures(t *testing.T) {
	inf := math.Inf(1)
	build := func(losses ...[2]float64) *study.Study {
		s := &study.Study{Tasks: []history.Task{{Name: "a"}, {Name: "b"}}}
		s.Objectives = study.Objectives(s.Tasks)
		for i, l := range losses {
			s.Trials = append(s.Trials, &study.Trial{
				Setting: study.Setting{Weights: map[string]float64{"a": float64(i + 1)}, Seed: 1}, State: study.Done, Loss: map[string]float64{"a": l[0], "b": l[1]},
			})
		}
		return s
	}
	for _, c := range []struct {
		losses                [][2]float64
		front                 string
		chosen, bestA, volume string
	}{
		{[][2]float64{{inf, 1}, {1, inf}}, "[]", "none", "1", "0"}, // up to 1 and 1, by nothing
		{[][2]float64{{inf, inf}}, "[]", "none", "-1", "NaN"},
		{[][2]float64{{inf, 1}, {2, 2}, {1, inf}}, "[1]", "1", "2", "0"},
		{[][2]float64{{math.Inf(-1), 1}, {2, 2}, {1, math.NaN()}}, "[1]", "1", "2", "0"},
		{[][2]float64{{1, 5}, {2, 2}, {inf, 0}, {5, 1}}, "[0 1 3]", "1", "0", "9"}, // up to 5 and 5: (5-2)·(5-2)
	} {
		s := build(c.losses...)
		groups := s.Groups()
		chosen := "none"
		if choice := s.Choose(); choice != nil {
			chosen = fmt.Sprint(choice.Index)
		}
		volume, _, err := s.Hypervolume(groups)
		if got := fmt.Sprint(volume); got != c.volume || (err != nil) != math.IsNaN(volume) {
			t.Errorf("%v: hypervolume %v, %v; wanted %v", c.losses, volume, err, c.volume)
		}
		if front, best := fmt.Sprint(s.Front(groups)), fmt.Sprint(s.Best(groups, 0)); front != c.front || chosen != c.chosen || best != c.bestA {
			t.Errorf("%v: front %s, chosen %s, best of a %s; wanted %s, %s, %s", c.losses, front, chosen, best, c.front, c.chosen, c.bestA)
		}
		text := s.String()
		if strings.Contains(text, "None is chosen") != (chosen == "none") || !strings.Contains(text, "Inf") && !strings.Contains(text, "without") {
			t.Errorf("%v: the table is\n%s", c.losses, text)
		}
		if err := s.WriteResults(t.TempDir()); err != nil {
			t.Error(err)
		}
	}
}

// A seed without a figure is said to be without, since the mean is that of the others.
func TestSeedsWithoutFigure(t *testing.T) {
	s := twoTasks(figures)
	s.Trials[1].Metric["seg"]["mIoU"] = math.NaN()
	if text := s.String(); strings.Count(text, "1 without seg mIoU") != 1 {
		t.Errorf("the table is\n%s", text)
	}
}

// A reference point of another length is an error wherever it is used, with both lengths.
func TestReferenceOfAnotherLength(t *testing.T) {
	s := twoTasks(figures)
	s.Reference = []float64{0, 0, 0}
	const want = "3 values; wanted one for each of the 2 objectives"
	if volume, _, err := s.Hypervolume(s.Groups()); err == nil || !strings.Contains(err.Error(), want) || !math.IsNaN(volume) {
		t.Errorf("hypervolume %v, %v", volume, err)
	}
	if text := s.String(); !strings.Contains(text, "No hypervolume") || !strings.Contains(text, want) {
		t.Errorf("the table is\n%s", text)
	}
}

// A setting that was dropped is in the table and on no front, whatever it reached.
func TestDroppedIsNotOnTheFront(t *testing.T) {
	s := twoTasks(map[float64][2]float64{1: {0.9, 0.9}, 16: {0.5, 0.5}})
	for _, trial := range s.Trials[:3] {
		trial.State, trial.Step = study.Dropped, 25
	}
	groups := s.Groups()
	if got := fmt.Sprint(s.Front(groups)); got != "[1]" || s.Best(groups, 0) != 1 {
		t.Errorf("front %s, best %d", got, s.Best(groups, 0))
	}
	if !strings.Contains(s.String(), "dropped at step 25") {
		t.Errorf("the table does not say where it was dropped:\n%s", s)
	}
}

// Different settings have different names, equal ones equal names, and names are fit for folders.
func TestNames(t *testing.T) {
	settings := []study.Setting{
		{}, {Seed: 1}, {Seed: 2}, {Method: "MGDA", Seed: 1}, {Method: `Odd{Name:"a/b c"}`, Seed: 1}, {Method: `Odd{Name:"a:b_c"}`, Seed: 1},
		{Weights: map[string]float64{"a": 1}}, {Weights: map[string]float64{"a": 1.0000001}}, {Weights: map[string]float64{"a": 1, "b": 2}},
		{Values: map[string][]float64{"cagrad/c": {0.5}}}, {Values: map[string][]float64{"learning_rate": {1e-3}}}, {Alone: "a"},
		{Weights: map[string]float64{"a task with a name so long that a folder could hardly hold it, and blanks": 0.123456789, "another one": 3}},
	}
	names := map[string]int{}
	for i, s := range settings {
		name := s.Name()
		if other, taken := names[name]; taken {
			t.Errorf("settings %d and %d are both %q", other, i, name)
		}
		names[name] = i
		if len(name) > 100 || strings.ContainsAny(name, `/\:*?"<>| `) || name == "" {
			t.Errorf("%q is no good name for a folder", name)
		}
		if s.Seed == 2 && s.Key() != settings[1].Key() {
			t.Error("seeds are part of the key")
		}
	}
	merged := settings[8].Merged(study.Setting{Weights: map[string]float64{"b": 3}, Seed: 9})
	if fmt.Sprint(merged.Weights) != "map[a:1 b:3]" || merged.Seed != 9 || settings[8].Weights["b"] != 2 {
		t.Errorf("merged into %+v", merged)
	}
}

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	s := twoTasks(figures)
	s.Trials[0].State, s.Trials[0].Error = study.Failed, "it broke"
	s.Trials[1].Loss["cls"] = math.NaN() // JSON has none
	if err := s.Save(dir); err != nil {
		t.Fatal(err)
	}
	for _, trial := range append(s.Baselines, s.Trials[:11]...) {
		if err := trial.Save(dir); err != nil {
			t.Fatal(err)
		}
	}
	got, err := study.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	s.Trials[11] = &study.Trial{Setting: s.Trials[11].Setting, State: study.Pending, Steps: 100}
	if got.String() != s.String() {
		t.Errorf("loaded\n%s\nsaved\n%s", got, s)
	}
	if _, err := study.Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "holds no study") {
		t.Errorf("an empty folder: %v", err)
	}
	broken := filepath.Join(s.Trials[2].Dir(dir), study.TrialFile)
	if err := os.WriteFile(broken, []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := study.Load(dir); err == nil || !strings.Contains(err.Error(), broken) || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("a broken file: %v", err)
	}
}
