package mtl_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/weighting"
)

var quiet = slog.New(slog.DiscardHandler)

// twoTasks is a small model with everything that can be a hyper-parameter, and data for it.
func twoTasks() (*mtl.Model, mtl.Data) {
	rng := rand.New(rand.NewPCG(3, 4))
	split := func(n int) *mtl.Split {
		x, y, c := make([]float32, n*6), make([]float32, n), make([]int32, n)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		for i := range y {
			y[i] = x[i*6] + x[i*6+1]*x[i*6+2]
			if x[i*6+3] > 0 {
				c[i] = 1
			}
		}
		return &mtl.Split{
			Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, n, 6)},
			Labels: map[string]*tensors.Tensor{"sum": tensors.FromFlatDataAndDimensions(y, n), "sign": tensors.FromFlatDataAndDimensions(c, n)},
		}
	}
	trunk := arch.Dense{Widths: []int{16}, Dropout: 0.1, L2: 1e-3}
	return &mtl.Model{
		Arch: arch.HardSharing{Trunk: trunk},
		Tasks: []mtl.Task{
			mtl.Regression("sum", 1),
			mtl.Classification("sign", 2, mtl.WithHead(mtl.DenseHead{Hidden: []int{8}, Outputs: 2, Dropout: 0.2})),
		},
	}, mtl.Data{Train: split(200), Validation: split(50)}
}

// graphsBuilt is how many graphs GoMLX has built in this process: nothing is compiled without one.
func graphsBuilt(b compute.Backend) int {
	g := graph.NewGraph(b, "count")
	defer g.Finalize()
	return int(g.GraphId())
}

// Runs of one Compiled, several at once, end in the same bits as calls of Fit with everything built in, and compile nothing more.
func TestRunsOfOneCompilation(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		runs := []struct {
			seed             int64
			rate, task       float64
			trunk, head, l2s float64
		}{
			{1, 1e-3, 1, 0.1, 0.2, 1e-3}, {2, 1e-3, 4, 0.1, 0.2, 1e-3}, {1, 1e-2, 0.5, 0.5, 0.2, 1e-3}, {3, 3e-3, 2, 0.1, 0.4, 0.1},
		}
		m, data := twoTasks()
		c, err := mtl.Compile(m, data, mtl.FitOptions{
			Backend: b, Steps: 40, BatchSize: 20, LearningRate: 1e-3, Schedule: mtl.Cosine{}, Weighting: weighting.Fixed{}, Log: quiet,
		})
		if err != nil {
			t.Fatal(err)
		}
		want := "[fixed/weights shared/dropout shared/l2 task/sign/head/dropout]"
		if got := fmt.Sprint(c.Hyperparameters()); got != want {
			t.Errorf("hyper-parameters %s; wanted %s", got, want)
		}
		before := graphsBuilt(b)
		stores, histories, errs := make([]*model.Store, len(runs)), make([]*history.History, len(runs)), make([]error, len(runs))
		var wait sync.WaitGroup
		atOnce := make(chan struct{}, 2)
		if mtl.IsPureGo(b) {
			atOnce = make(chan struct{}, 1)
		}
		for i, run := range runs {
			stores[i] = model.NewStore()
			wait.Go(func() {
				atOnce <- struct{}{}
				defer func() { <-atOnce }()
				histories[i], errs[i] = c.Fit(context.Background(), mtl.RunOptions{
					Store: stores[i], Seed: run.seed, LearningRate: run.rate,
					Hyperparameters: map[string][]float64{
						"fixed/weights": {run.task, 1}, "shared/dropout": {run.trunk}, "task/sign/head/dropout": {run.head}, "shared/l2": {run.l2s},
					},
				})
			})
		}
		wait.Wait()
		if more := graphsBuilt(b) - before - 1; more != 0 {
			t.Errorf("%d programs were built for %d runs; wanted none", more, len(runs))
		}
		for i, run := range runs {
			if errs[i] != nil {
				t.Fatal(errs[i])
			}
			m, _ := twoTasks()
			m.Arch = arch.HardSharing{Trunk: arch.Dense{Widths: []int{16}, Dropout: run.trunk, L2: run.l2s}}
			m.Tasks[1].Head = mtl.DenseHead{Hidden: []int{8}, Outputs: 2, Dropout: run.head}
			store := model.NewStore()
			alone, err := mtl.Fit(context.Background(), m, data, mtl.FitOptions{
				Backend: b, Store: store, Steps: 40, BatchSize: 20, LearningRate: run.rate, Schedule: mtl.Cosine{}, Seed: run.seed,
				Weighting: weighting.Fixed{"sum": run.task}, Log: quiet,
			})
			if err != nil {
				t.Fatal(err)
			}
			sameBits(t, stores[i], store)
			got, want := histories[i].Last(history.Validation), alone.Last(history.Validation)
			if fmt.Sprint(got.Loss, got.Metric) != fmt.Sprint(want.Loss, want.Metric) {
				t.Errorf("run %d ends with %v, Fit with %v", i, got, want)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func closed(t *testing.T, c *mtl.Compiled) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func sameBits(t *testing.T, got, want *model.Store) {
	t.Helper()
	count := 0
	for v := range want.IterVariables() {
		count++
		other := got.GetVariable(v.Path())
		if other == nil {
			t.Errorf("variable %s is missing", v.Path())
			continue
		}
		if a, b := bits(t, other), bits(t, v); a != b {
			t.Errorf("variable %s differs", v.Path())
		}
	}
	if count < 5 {
		t.Errorf("only %d variables were compared", count)
	}
}

func bits(t *testing.T, v *model.Variable) (data string) {
	t.Helper()
	if err := v.MustValue().ConstBytes(func(bytes []byte) { data = string(bytes) }); err != nil {
		t.Fatal(err)
	}
	return data
}

// A run that stopped at Until goes on to the same end as one that did not stop.
func TestUntil(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, data := twoTasks()
		c, err := mtl.Compile(m, data, mtl.FitOptions{Backend: b, Steps: 40, BatchSize: 20, LearningRate: 1e-2, Schedule: mtl.Cosine{}, Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		defer closed(t, c)
		whole, parts := model.NewStore(), model.NewStore()
		if _, err := c.Fit(context.Background(), mtl.RunOptions{Store: whole}); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "run")
		for _, until := range []int{10, 20, 20, 0} {
			if until == 0 { // another process would bring a new store
				parts = model.NewStore()
			}
			h, err := c.Fit(context.Background(), mtl.RunOptions{Store: parts, RunDir: dir, Until: until})
			if err != nil {
				t.Fatal(err)
			}
			if last := h.Last(history.Train).Step; until > 0 && last != until || until == 0 && last != 40 {
				t.Errorf("the run ends at step %d; wanted %d", last, until)
			}
		}
		sameBits(t, parts, whole)
	})
}

// One compiled evaluation says of several stores what a call of Evaluate says of each.
func TestEvaluator(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, data := twoTasks()
		e, err := mtl.NewEvaluator(b, m, data.Validation)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range int64(2) {
			store := model.NewStore()
			if _, err := e.Evaluate(context.Background(), store); err == nil || !strings.Contains(err.Error(), "the store has no variable") {
				t.Errorf("an empty store: %v", err)
			}
			if _, err := mtl.Fit(context.Background(), m, data, mtl.FitOptions{Backend: b, Store: store, Steps: 5, Seed: seed + 1, Log: quiet}); err != nil {
				t.Fatal(err)
			}
			got, err := e.Evaluate(context.Background(), store)
			if err != nil {
				t.Fatal(err)
			}
			want, err := mtl.Evaluate(context.Background(), b, store, m, data.Validation)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%v; wanted %v", got, want)
			}
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestBadRunOptions(t *testing.T) {
	b := backendtest.Go(t)
	m, data := twoTasks()
	c, err := mtl.Compile(m, data, mtl.FitOptions{Backend: b, Steps: 4, Optimizer: nil, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, c)
	other := model.NewStore()
	if _, err := other.CreateVariable("/shared/layer_0/dense/weights", tensors.FromValue([]float32{1})); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		run  mtl.RunOptions
		want string
	}{
		{mtl.RunOptions{Hyperparameters: map[string][]float64{"cagrad/c": {1}}}, `there is no hyper-parameter "cagrad/c"`},
		{mtl.RunOptions{Hyperparameters: map[string][]float64{"shared/l2": {1, 2}}}, "takes 1 numbers, got 2"},
		{mtl.RunOptions{Until: 5}, "wanted from 1 to the 4 steps"},
		{mtl.RunOptions{Until: -1}, "wanted from 1 to the 4 steps"},
		{mtl.RunOptions{LearningRate: -1}, "RunOptions.LearningRate is -1"},
		{mtl.RunOptions{Store: other}, "use a new store"},
	} {
		if _, err := c.Fit(context.Background(), bad.run); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%+v: %v; wanted an error with %q", bad.run, err, bad.want)
		}
	}
	if _, err := c.Fit(context.Background(), mtl.RunOptions{}); err != nil {
		t.Errorf("after errors: %v", err)
	}
}

// halved is the split with half of every input.
func halved(t *testing.T, s *mtl.Split) *mtl.Split {
	flat, err := tensors.CopyFlatData[float32](s.Inputs[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range flat {
		flat[i] /= 2
	}
	return &mtl.Split{Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(flat, s.Inputs[0].Shape().Dimensions...)}, Labels: s.Labels}
}

// A run on other data of the same shapes ends in the same bits as a compilation with that data; other shapes refuse.
func TestRunsOnOtherData(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, data := twoTasks()
		options := mtl.FitOptions{Backend: b, Steps: 20, BatchSize: 20, ValidateEvery: 10, Log: quiet}
		c, err := mtl.Compile(m, data, options)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		other := mtl.Data{Train: halved(t, data.Train), Validation: halved(t, data.Validation)}
		for _, want := range []mtl.Data{other, data} {
			run := mtl.RunOptions{Store: model.NewStore()}
			if want.Train == other.Train {
				run.Train, run.Validation = other.Train, other.Validation
			}
			got, err := c.Fit(context.Background(), run)
			if err != nil {
				t.Fatal(err)
			}
			options.Store = model.NewStore()
			alone, err := mtl.Fit(context.Background(), m, want, options)
			if err != nil {
				t.Fatal(err)
			}
			sameBits(t, run.Store, options.Store)
			if a, b := fmt.Sprint(got.Last(history.Validation).Loss), fmt.Sprint(alone.Last(history.Validation).Loss); a != b {
				t.Errorf("validated as %s; wanted %s", a, b)
			}
		}
		_, err = c.Fit(context.Background(), mtl.RunOptions{Train: data.Validation})
		if err == nil || !strings.Contains(err.Error(), "shaped") {
			t.Errorf("error %v", err)
		}
	})
}
