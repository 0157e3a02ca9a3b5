package mtl

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
)

// sharedDense is a minimal architecture for the tests of this package.
type sharedDense int

func (width sharedDense) Features(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node {
	h := activation.Relu(layers.DenseWithBias(scope.At(SharedScope), inputs[0], int(width)))
	features := make([]*graph.Node, len(tasks))
	for i := range features {
		features[i] = h
	}
	return features
}

// tinyProblem is workload W3: 64 features, a shared layer of 64, a regression and a 10-class task.
func tinyProblem(n int) (*Model, *Split) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, y, c := make([]float32, n*64), make([]float32, n), make([]int32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	for i := range y {
		y[i] = x[i*64] + x[i*64+1]*x[i*64+2]
		c[i] = int32(rng.IntN(10))
	}
	return &Model{Arch: sharedDense(64), Tasks: []Task{Regression("sum", 1), Classification("class", 10)}},
		&Split{
			Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, n, 64)},
			Labels: map[string]*tensors.Tensor{"sum": tensors.FromFlatDataAndDimensions(y, n), "class": tensors.FromFlatDataAndDimensions(c, n)},
		}
}

func newCompiler(b compute.Backend, m *Model, split *Split, batch int) (*compiler, error) {
	store := model.NewStore()
	store.SetParam("/"+model.ParamInitialSeed, int64(7))
	if err := store.SetRNGStateFromSeed(7); err != nil {
		return nil, err
	}
	c := &compiler{backend: b, store: store, model: m, optimizer: Optimizer(nil, optimizer.Adam().Done()), feed: newFeed(split, m.Tasks), batch: batch, scheduled: true}
	return c, c.feed.upload(b)
}

func TestLoopEqualsOneStepACall(t *testing.T) {
	func(t *testing.T, b compute.Backend) { // the pure-Go backend runs one step a call only
		m, split := tinyProblem(256)
		const steps, batch = 20, 8
		rows, rates := make([]int32, steps*batch), make([]float32, steps)
		for i := range rows {
			rows[i] = int32((i * 37) % 256)
		}
		for i := range rates {
			rates[i] = 1e-3
		}
		var finals [2][][]float32
		for form := range finals {
			c, err := newCompiler(b, m, split, batch)
			if err != nil {
				t.Fatal(err)
			}
			var p *program
			if form == 0 {
				p, err = c.single()
			} else {
				p, err = c.loop(32)
			}
			if err != nil {
				t.Fatalf("%+v", err)
			}
			if err := errors.Join(p.compile(), c.store.InitializeVariables(b, nil)); err != nil {
				t.Fatal(err)
			}
			variables, err := p.variables.of(c.store)
			if err != nil {
				t.Fatal(err)
			}
			for done := 0; done < steps; {
				n := 1
				if form == 1 {
					n = min(7, steps-done)
				}
				reports, err := p.run(variables, c.feed.buffers, rows[done*batch:(done+n)*batch], rates[done:done+n], n)
				if err != nil {
					t.Fatal(err)
				}
				finals[form] = append(finals[form], reports...)
				done += n
			}
		}
		for i := range finals[0] {
			for k := range finals[0][i] {
				a, b := finals[0][i][k], finals[1][i][k]
				if d := a - b; d > 1e-5 || d < -1e-5 {
					t.Fatalf("step %d, value %d: one step a call %v, loop %v", i, k, a, b)
				}
			}
		}
		t.Log(finals[0][0], finals[0][steps-1])
	}(t, backendtest.XLA(t))
}
