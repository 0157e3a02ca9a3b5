package mtl_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
)

// reporting reports the number of the examples, and for each task the mean of its representation.
type reporting struct{ mtl.Architecture }

func (a reporting) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	features := a.Architecture.Features(scope, inputs, tasks)
	g := inputs[0].Graph()
	means := make([]*graph.Node, len(tasks))
	names := make([]string, len(tasks))
	for i, f := range features {
		means[i], names[i] = graph.ReduceAllMean(f), tasks[i].Name
	}
	mtl.Report(g, history.Quantity{Name: "means", Rows: names}, graph.Stack(means, 0))
	mtl.Report(g, history.Quantity{Name: "examples"}, graph.Scalar(g, means[0].DType(), inputs[0].Shape().Dimensions[0]))
	return features
}

// onLosses reports what a probe sees of a step: losses, Gramian, and the losses after a step of size 0.
func onLosses(s *mtl.Step) {
	mtl.Report(s.Graph(), history.Quantity{Name: "probe losses", Rows: s.Names}, s.Losses)
	mtl.Report(s.Graph(), history.Quantity{Name: "probe Gramian", Rows: s.Names, Columns: s.Names}, s.Gramian())
	mtl.Report(s.Graph(), history.Quantity{Name: "again", Rows: s.Names}, s.Evaluate(0, 1, nil).Losses)
}

func probedModel() (*mtl.Model, mtl.Data) {
	m, data := twoTasks()
	m.Arch = reporting{arch.HardSharing{Trunk: arch.Dense{Widths: []int{16}}}}
	m.Tasks[1] = mtl.Classification("sign", 2)
	return m, data
}

// A probe sees the losses that the next step records, and the reports of the steps are means over each record.
func TestProbesAndReports(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, data := probedModel()
		h, err := mtl.Fit(context.Background(), m, data, mtl.FitOptions{
			Backend: b, Steps: 9, BatchSize: 20, RecordEvery: 1, Probes: []mtl.Probe{{Name: "losses", Every: 4, Measure: onLosses}}, Log: quiet,
		})
		if err != nil {
			t.Fatal(err)
		}
		steps, losses := h.Values("probe losses")
		if fmt.Sprint(steps) != "[0 4 8]" {
			t.Fatalf("measured at steps %v; wanted 0, 4 and 8", steps)
		}
		_, again := h.Values("again")
		_, gramians := h.Values("probe Gramian")
		for k, step := range steps {
			for i, name := range m.TaskNames() {
				want := h.Loss(history.Train, name).Values[int(step)]
				for _, got := range []float64{losses[k][i], again[k][i]} {
					if math.Abs(got-want) > 1e-5*math.Abs(want) {
						t.Errorf("before step %v the probe sees a loss of %v for %s; the step has %v", step+1, got, name, want)
					}
				}
			}
			if g := gramians[k]; len(g) != 4 || !(g[0] > 0) || !(g[3] > 0) || g[1] != g[2] {
				t.Errorf("Gramian %v", g)
			}
		}
		if q, found := h.Quantity("probe Gramian"); !found || fmt.Sprint(q.Rows, q.Columns) != "[sum sign] [sum sign]" {
			t.Errorf("quantity %v", q)
		}
		if steps, examples := h.Values("examples"); len(steps) != 9 || examples[3][0] != 20 {
			t.Errorf("examples %v at %v", examples, steps)
		}
		if _, means := h.Values("means"); means[0][0] != means[0][1] || means[0][0] == means[8][0] {
			t.Errorf("means %v; wanted those of a shared representation that changes", means)
		}
	})
}

// A run that was stopped and continued has the records of one that was not, once each.
func TestProbesOfAContinuedRun(t *testing.T) {
	m, data := probedModel()
	c, err := mtl.Compile(m, data, mtl.FitOptions{
		Backend: backendtest.Go(t), Steps: 12, BatchSize: 20, RecordEvery: 5, SaveEvery: 2,
		Probes: []mtl.Probe{{Name: "losses", Every: 4, Examples: 8, Measure: onLosses}}, Log: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	records := func(dir string, until ...int) string {
		for _, n := range until {
			if _, err := c.Fit(context.Background(), mtl.RunOptions{RunDir: dir, Until: n}); err != nil {
				t.Fatal(err)
			}
		}
		h, err := history.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, r := range h.Records {
			fmt.Fprintln(&text, r.Step, r.Split, r.Loss, r.Values)
		}
		return text.String()
	}
	if got, want := records(t.TempDir(), 4, 7, 12), records(t.TempDir(), 12); got != want {
		t.Errorf("the continued run has\n%s\nwanted\n%s", got, want)
	}
}

func TestProbesThatCannotBe(t *testing.T) {
	m, data := probedModel()
	measure := func(fn func(s *mtl.Step)) mtl.FitOptions {
		return mtl.FitOptions{Backend: backendtest.Go(t), Steps: 4, Log: quiet, Probes: []mtl.Probe{{Name: "bad", Measure: fn}}}
	}
	streamed := measure(onLosses)
	streamed.DeviceBytes = 1
	for want, opts := range map[string]mtl.FitOptions{
		"wanted no negative number, and a Measure": measure(nil),
		"must call mtl.Report":                     measure(func(*mtl.Step) {}),
		`named "means"`:                            measure(func(s *mtl.Step) { mtl.Report(s.Graph(), history.Quantity{Name: "means", Rows: s.Names}, s.Losses) }),
		"shaped":                                   measure(func(s *mtl.Step) { mtl.Report(s.Graph(), history.Quantity{Name: "number"}, s.Losses) }),
		"needs training data on the device":        streamed,
	} {
		if _, err := mtl.Fit(context.Background(), m, data, opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; wanted one with %q", err, want)
		}
	}
}

// Frozen variables stay what they are, bit by bit, with the averages of batch normalisation; freezing and unfreezing count from the next Fit on.
func TestFreeze(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, data := twoTasks()
		m.Arch = arch.HardSharing{Trunk: arch.Dense{Widths: []int{8, 8}, Normalization: arch.BatchNorm}}
		store := model.NewStore()
		changed := func(methods ...mtl.Weighting) string {
			before := valuesByPath(t, store)
			for _, w := range append(methods, nil) {
				if err := optimizer.Adam().Done().Clear(store.RootScope()); err != nil {
					t.Fatal(err)
				}
				if _, err := mtl.Fit(context.Background(), m, data, mtl.FitOptions{Backend: b, Store: store, Steps: 3, Weighting: w, Log: quiet}); err != nil {
					t.Fatal(err)
				}
			}
			var out []string
			after := valuesByPath(t, store)
			for _, part := range []string{"/shared/layer_0/", "/shared/layer_1/", "/task/sum/", "/task/sign/"} {
				all, some := true, false
				for path, value := range after {
					if strings.HasPrefix(path, part) {
						same := before[path] == value
						all, some = all && !same, some || !same
					}
				}
				switch {
				case all:
					out = append(out, "all")
				case some:
					out = append(out, "some")
				default:
					out = append(out, "none")
				}
			}
			return strings.Join(out, " ")
		}
		mtl.Freeze(store, "shared/layer_0") // before there is such a variable
		for _, step := range []struct {
			do   func()
			want string
		}{
			{func() {}, "all all all all"}, // made here
			{func() {}, "none all all all"},
			{func() { mtl.Freeze(store, "shared", "task/sum") }, "none none none all"},
			{func() { mtl.Unfreeze(store, "shared/layer_1") }, "none all none all"},
			{func() { mtl.Unfreeze(store, "shared") }, "all all none all"},
			{func() { mtl.Unfreeze(store, "/") }, "all all all all"},
		} {
			step.do()
			var methods []mtl.Weighting
			if !mtl.Frozen(store.Scope("/shared")) {
				methods = append(methods, onGramian{})
			}
			if got := changed(methods...); got != step.want {
				t.Errorf("changed: %s; wanted %s", got, step.want)
			}
		}
		if v := store.GetVariable("/shared/layer_0/batch_normalization/mean"); v == nil || v.Trainable {
			t.Errorf("a moving average became trainable: %v", v)
		}
	})
}

// onGramian is a gradient method.
type onGramian struct{}

func (onGramian) Weights(s *mtl.Step) *graph.Node {
	return graph.OnesLike(graph.ReduceSum(s.Gramian(), -1))
}

func valuesByPath(t *testing.T, store *model.Store) map[string]string {
	values := map[string]string{}
	for v := range store.IterVariables() {
		values[v.Path()] = fmt.Sprint(v.MustValue().Value())
	}
	if t.Failed() {
		t.FailNow()
	}
	return values
}

// A program that trains a variable cannot keep it frozen for one run.
func TestFreezeAfterCompile(t *testing.T) {
	m, data := twoTasks()
	c, err := mtl.Compile(m, data, mtl.FitOptions{Backend: backendtest.Go(t), Steps: 2, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	store := model.NewStore()
	mtl.Freeze(store, "shared")
	if _, err := c.Fit(context.Background(), mtl.RunOptions{Store: store}); err == nil || !strings.Contains(err.Error(), "before Compile") {
		t.Errorf("error %v", err)
	}
}
