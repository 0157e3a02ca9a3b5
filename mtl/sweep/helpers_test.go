package sweep_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
)

// twoTasks is a small problem: a regression and a classification on a dense trunk.
func twoTasks() (*mtl.Model, mtl.Data) {
	rng := rand.New(rand.NewPCG(3, 4))
	split := func(n int) *mtl.Split {
		x, y, c := make([]float32, n*6), make([]float32, n), make([]int32, n)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		for i := range y {
			y[i] = x[i*6] + x[i*6+1]*x[i*6+2]
			if x[i*6+3]+x[i*6] > 0 {
				c[i] = 1
			}
		}
		return &mtl.Split{
			Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, n, 6)},
			Labels: map[string]*tensors.Tensor{"sum": tensors.FromFlatDataAndDimensions(y, n), "sign": tensors.FromFlatDataAndDimensions(c, n)},
		}
	}
	return &mtl.Model{
		Arch:  arch.HardSharing{Trunk: arch.Dense{Widths: []int{8}, Dropout: 0.1, L2: 1e-4}},
		Tasks: []mtl.Task{mtl.Regression("sum", 1), mtl.Classification("sign", 2)},
	}, mtl.Data{Train: split(160), Validation: split(64)}
}

func fit(b compute.Backend, steps int) mtl.FitOptions {
	return mtl.FitOptions{Backend: b, Steps: steps, BatchSize: 16, LearningRate: 1e-2}
}

func run(t *testing.T, o sweep.Options) *study.Study {
	t.Helper()
	m, data := twoTasks()
	o.Log = quiet
	s, err := sweep.Run(context.Background(), m, data, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sameTrials holds trials against those of an undisturbed sweep: everything but the time they took.
func sameTrials(t *testing.T, got, want []*study.Trial) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d trials; wanted %d", len(got), len(want))
	}
	for i := range want {
		a, b := got[i], want[i]
		if a.Name() != b.Name() || a.State != b.State || a.Step != b.Step || a.Round != b.Round {
			t.Errorf("trial %d is %s, %s at step %d of round %d; wanted %s, %s at %d of %d", i, a.Name(), a.State, a.Step, a.Round, b.Name(), b.State, b.Step, b.Round)
			continue
		}
		for task, loss := range b.Loss {
			if a.Loss[task] != loss {
				t.Errorf("%s: loss of %s %v; wanted %v", a.Name(), task, a.Loss[task], loss)
			}
			for name, value := range b.Metric[task] {
				if x := a.Metric[task][name]; x != value && !(math.IsNaN(x) && math.IsNaN(value)) {
					t.Errorf("%s: %s of %s %v; wanted %v", a.Name(), name, task, x, value)
				}
			}
		}
	}
}

// graphsBuilt is how many graphs GoMLX has built in this process: nothing is compiled without one.
func graphsBuilt(b compute.Backend) int {
	g := graph.NewGraph(b, "count")
	defer g.Finalize()
	return int(g.GraphId())
}
