package plotting_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
)

// made makes up studies: each trial's losses fall towards a level, from which its metric follows.
type made struct {
	*study.Study
	rng   *rand.Rand
	steps int
}

func newMade(name string, tasks ...history.Task) *made {
	return &made{Study: &study.Study{Name: name, Split: history.Validation, Tasks: tasks, Objectives: study.Objectives(tasks)}, rng: rand.New(rand.NewPCG(7, 7)), steps: 1500}
}

var accuracy, mIoU, rmse = history.Metric{Name: "accuracy", HigherIsBetter: true}, history.Metric{Name: "mIoU", HigherIsBetter: true}, history.Metric{Name: "RMSE"}

// add plans a trial and trains it up to a share of its steps; results are its figures at the end, by task, a NaN for a task that it does not have.
func (m *made) add(setting study.Setting, state study.State, share float64, results ...float64) {
	t := &study.Trial{Setting: setting, State: state, Steps: m.steps}
	defer m.Put(t)
	if share == 0 {
		return
	}
	h := &history.History{Run: history.Run{Name: setting.Name(), Tasks: m.Tasks, Steps: m.steps}}
	for step := 30; float64(step) <= share*float64(m.steps); step += 30 {
		h.Records = append(h.Records, m.record(step, history.Train, results))
		if step%150 == 0 {
			h.Records = append(h.Records, m.record(step, history.Validation, results))
		}
	}
	t.Follow(h, m.Split)
	if state == study.Failed {
		t.Error = "loss of " + m.Tasks[0].Name + " is NaN"
	}
}

func (m *made) record(step int, split string, results []float64) history.Record {
	r := history.Record{Step: step, Split: split, Loss: map[string]float64{}, Metric: map[string]map[string]float64{}}
	begun := 1 - math.Exp(-5*float64(step)/float64(m.steps))
	for i, task := range m.Tasks {
		if math.IsNaN(results[i]) {
			continue
		}
		if len(task.Metrics) == 0 {
			r.Loss[task.Name] = results[i] / begun
			continue
		}
		name := task.Metrics[0].Name
		if !task.Metrics[0].HigherIsBetter {
			value := results[i] * (1 + 3*(1-begun))
			r.Metric[task.Name], r.Loss[task.Name] = map[string]float64{name: value}, value*value
			continue
		}
		value := 0.2 + (results[i]-0.2)*begun
		r.Metric[task.Name] = map[string]float64{name: value}
		r.Loss[task.Name] = -2 * math.Log(value) * math.Exp(0.04*m.rng.NormFloat64())
		if split == history.Train {
			r.Loss[task.Name] *= 0.9 - 0.3*begun
		}
	}
	return r
}

// seeds adds a setting with three seeds, whose results have a relative deviation.
func (m *made) seeds(setting study.Setting, state study.State, share, deviation float64, results ...float64) {
	for seed := range int64(3) {
		setting.Seed = seed + 1
		drawn := make([]float64, len(results))
		for i, v := range results {
			drawn[i] = v * (1 + deviation*m.rng.NormFloat64())
		}
		m.add(setting, state, share, drawn...)
	}
}

// alone adds the single-task baselines.
func (m *made) alone(deviation float64, results ...float64) {
	for i, task := range m.Tasks {
		only := make([]float64, len(results))
		for k := range only {
			only[k] = math.NaN()
		}
		only[i] = results[i]
		m.seeds(study.Setting{Alone: task.Name}, study.Done, 1, deviation, only...)
	}
}

// exampleStudy has classes and a segmentation of scenes, with the figures that were measured on them: equal weights hurt the segmentation, a weight of 64 helps both.
func exampleStudy() *study.Study {
	m := newMade("scenes", history.Task{Name: "cls", Metrics: []history.Metric{accuracy}}, history.Task{Name: "seg", Metrics: []history.Metric{mIoU}})
	m.alone(0.02, 0.425, 0.699)
	results := [][2]float64{{0.512, 0.476}, {0.60, 0.56}, {0.684, 0.64}, {0.765, 0.704}, {0.748, 0.714}, {0.73, 0.717}}
	for i, r := range results {
		m.seeds(study.Setting{Weights: map[string]float64{"seg": math.Pow(4, float64(i))}}, study.Done, 1, 0.014, r[0], r[1])
	}
	m.seeds(study.Setting{Method: "Uncertainty"}, study.Done, 1, 0.02, 0.613, 0.558)
	return m.Study
}

// simplexStudy has three tasks with weights on a grid over the simplex, best where depth weighs little.
func simplexStudy() *study.Study {
	m := newMade("digits", history.Task{Name: "left", Metrics: []history.Metric{accuracy}}, history.Task{Name: "right", Metrics: []history.Metric{accuracy}},
		history.Task{Name: "ink", Metrics: []history.Metric{rmse}})
	m.alone(0.004, 0.93, 0.92, 0.052)
	const divisions = 7
	for i := 1; i < divisions-1; i++ {
		for j := 1; i+j < divisions; j++ {
			a, b, c := float64(i)/divisions, float64(j)/divisions, float64(divisions-i-j)/divisions
			weights := map[string]float64{"left": round(3 * a), "right": round(3 * b), "ink": round(3 * c)}
			m.seeds(study.Setting{Weights: weights}, study.Done, 1, 0.003, 0.955-0.06*math.Pow(1-a, 3)-0.03*c, 0.945-0.07*math.Pow(1-b, 3)-0.03*c, 0.046+0.014*math.Exp(-4*c))
		}
	}
	m.seeds(study.Setting{Method: "Uncertainty"}, study.Done, 1, 0.003, 0.93, 0.92, 0.0535)
	return m.Study
}

func round(v float64) float64 { return math.Round(1e6*v) / 1e6 }

// fiveTaskStudy varies three weights, the learning rate and the method at random.
func fiveTaskStudy() *study.Study {
	m := newMade("streets", history.Task{Name: "segments", Metrics: []history.Metric{mIoU}}, history.Task{Name: "depth", Metrics: []history.Metric{rmse}},
		history.Task{Name: "normals", Metrics: []history.Metric{{Name: "angle"}}}, history.Task{Name: "edges"}, history.Task{Name: "scene", Metrics: []history.Metric{accuracy}})
	m.alone(0.003, 0.42, 0.61, 22, 0.08, 0.71)
	for range 22 {
		log := func(low, high float64) float64 { return round(low * math.Pow(high/low, m.rng.Float64())) }
		segments, depth, normals, rate := log(0.5, 20), log(0.1, 10), log(0.1, 10), log(1e-4, 1e-2)
		off := math.Abs(math.Log10(rate / 1.2e-3))
		results := []float64{0.45 - 0.05*off - 0.04/segments, 0.55 + 0.1*off + 0.03/depth, 20 + 2*off + 0.5/normals, 0.08 + 0.01*off + 0.002*segments, 0.75 - 0.05*off - 0.004*segments}
		m.add(study.Setting{
			Weights: map[string]float64{"segments": segments, "depth": depth, "normals": normals}, Values: map[string][]float64{study.LearningRate: {rate}}, Seed: 1,
		}, study.Done, 1, results...)
	}
	for i, method := range []string{"Uncertainty", "CAGrad{C:0.4}"} {
		for _, rate := range []float64{3e-4, 3e-3} {
			m.add(study.Setting{Method: method, Values: map[string][]float64{study.LearningRate: {rate}}, Seed: 1}, study.Done, 1, 0.42+0.01*float64(i), 0.58, 21.2-float64(i), 0.079, 0.72)
		}
	}
	return m.Study
}

// runningStudy is the example in its middle: settings that wait, run, were dropped, failed.
func runningStudy(states ...study.State) *study.Study {
	whole := exampleStudy()
	m := newMade("in progress", whole.Tasks...)
	for i, t := range whole.Trials {
		state := states[i/3%len(states)]
		share := map[study.State]float64{study.Running: 0.3 + 0.1*float64(i%3), study.Done: 1, study.Dropped: 0.5, study.Failed: 0.4}[state]
		m.add(t.Setting, state, share, study.Objectives(whole.Tasks)[0].Value(t), study.Objectives(whole.Tasks)[1].Value(t))
	}
	return m.Study
}

// manySettings has 100 weights, one seed each, and no baselines.
func manySettings() *study.Study {
	m := newMade("a hundred weights", history.Task{Name: "cls", Metrics: []history.Metric{accuracy}}, history.Task{Name: "depth", Metrics: []history.Metric{rmse}})
	for i := range 100 {
		share := float64(i) / 99
		weight := math.Round(1e4*math.Pow(1e4, share)) / 1e4
		m.add(study.Setting{Weights: map[string]float64{"depth": weight}, Seed: 1}, study.Done, 1,
			0.9-0.4*share*share+0.01*m.rng.NormFloat64(), 0.2+0.3*(1-share)*(1-share)+0.01*m.rng.NormFloat64())
	}
	return m.Study
}

// longNames has twelve tasks with long names, a setting without figures of some, and methods with long names.
func longNames() *study.Study {
	var tasks []history.Task
	for i := range 12 {
		task := history.Task{Name: fmt.Sprintf("task %d", i+1), Metrics: []history.Metric{accuracy}}
		if i%3 == 0 {
			task.Name = fmt.Sprintf("semantic segmentation of the street, coarse labels, camera %d", i+1)
		}
		if i%4 == 1 {
			task.Metrics = []history.Metric{{Name: "root mean squared logarithmic error"}}
		}
		tasks = append(tasks, task)
	}
	m := newMade("a study whose name is so long that it cannot stand beside the title of its figures without being shortened", tasks...)
	alone := make([]float64, 12)
	for i := range alone {
		alone[i] = 0.5
	}
	m.alone(0.01, alone...)
	for k := range 5 {
		results, weights := make([]float64, 12), map[string]float64{}
		for i, task := range tasks {
			results[i] = 0.5 + 0.05*math.Sin(float64(3*k+i))
			weights[task.Name] = round(math.Pow(2, float64((k*(i+1))%7)-3))
		}
		m.seeds(study.Setting{Weights: weights}, study.Done, 1, 0.01, results...)
	}
	m.seeds(study.Setting{Method: "Smoothed{Of:UPGrad{Regularisation:0.0001 Normalise:true} Momentum:0.95}"}, study.Done, 1, 0.01, alone...)
	return m.Study
}

// equalValues has the same figures everywhere; noFigures has none that is finite.
func equalValues() *study.Study { return constant(0.5) }

func noFigures() *study.Study { return constant(math.Inf(1)) }

func constant(v float64) *study.Study {
	m := newMade("constant", history.Task{Name: "a", Metrics: []history.Metric{accuracy}}, history.Task{Name: "b", Metrics: []history.Metric{accuracy}}, history.Task{Name: "c"})
	for i := range 4 {
		t := &study.Trial{Setting: study.Setting{Weights: map[string]float64{"a": float64(i)}, Seed: 1}, State: study.Done, Step: 10, Steps: 10}
		t.Metric = map[string]map[string]float64{"a": {"accuracy": v}, "b": {"accuracy": v}}
		t.Loss = map[string]float64{"c": v}
		if v != v || math.IsInf(v, 0) {
			t.Metric["a"]["accuracy"], t.Loss["c"] = math.NaN(), math.NaN()
		}
		m.Put(t)
	}
	return m.Study
}

// oneTrial is the first trial of the example alone.
func oneTrial() *study.Study {
	s := exampleStudy()
	s.Trials, s.Baselines = s.Trials[:1], nil
	return s
}
