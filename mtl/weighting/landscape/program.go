package landscape

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// program is a compiled training step, in a loop where the backend has loops that hold one. Its state is every variable: θ, the optimiser's and the method's.
type program struct {
	g        *graph.Graph
	loops    bool              // it takes the number of steps as its first input
	initial  []*tensors.Tensor // of the variables
	state    []*tensors.Tensor
	position int // of θ among them
}

// newProgram compiles the step and initialises the variables.
func (w Walk) newProgram(b compute.Backend) (p *program, err error) {
	store := model.NewStore()
	store.SetParam(model.ParamInitialSeed, w.Seed)
	// GoMLX's own backend fuses broadcasts after it has laid out the bodies of loops, and so loses them. As in mtl, a capability tells the backends apart.
	p = &program{g: graph.NewGraph(b, "steps on the landscape"), loops: b.Capabilities().Operations[compute.OpTypeDynamicUpdateSlice]}
	err = try(func() error {
		model.SetStore(p.g, store)
		var variables []*model.Variable
		var outputs []*graph.Node
		if p.loops {
			variables, outputs = w.loop(store, p.g)
		} else {
			variables, outputs = w.step(store, p.g)
		}
		if err := p.g.Compile(outputs...); err != nil {
			return err
		}
		if err := store.InitializeVariables(b, nil); err != nil {
			return err
		}
		for i, v := range variables {
			value, err := v.Value()
			if err != nil {
				return err
			}
			p.initial = append(p.initial, value)
			if v.Path() == thetaPath {
				p.position = i
			}
		}
		return nil
	})
	return p, err
}

// step builds one training step. It returns the variables in the order in which they became parameters, at their first use, and their next values.
func (w Walk) step(store *model.Store, g *graph.Graph) (variables []*model.Variable, next []*graph.Node) {
	before := len(g.Nodes())
	examples := graph.Const(g, make([]float32, exampleCount))
	m, scope := w.Problem.Model([2]float64{}), store.RootScope()
	store.SetTraining(g, true)
	total := m.Loss([]*graph.Node{examples, examples}, m.Graph(scope, nil, []*graph.Node{examples}))
	mtl.Optimizer(w.Method, w.Optimizer).UpdateGraph(scope, g, total)
	for _, node := range g.Nodes()[before:] {
		if node.Type() != graph.NodeTypeParameter {
			continue
		}
		if v := store.GetVariable(node.GetParameterName()); v != nil { // else it belongs to a solver's own loop
			variables, next = append(variables, v), append(next, v.NodeValue(g))
		}
	}
	return variables, next
}

// loop builds as many steps as the first parameter says.
func (w Walk) loop(store *model.Store, g *graph.Graph) (variables []*model.Variable, outputs []*graph.Node) {
	// What is made outside the body cannot be used inside, and GoMLX keeps one node a scalar and graph: so nothing is.
	count := shapes.Make(dtypes.Int32)
	initial := []*graph.Node{graph.Parameter(g, "initial count", count)}
	body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		left := graph.Parameter(g, "count", count)
		var next []*graph.Node
		variables, next = w.step(store, g)
		return append([]*graph.Node{graph.Sub(left, graph.Const(g, int32(1)))}, next...)
	})
	for _, v := range variables {
		initial = append(initial, graph.Parameter(g, "initial "+v.Path(), v.Shape()))
	}
	more := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		left := graph.Parameter(g, "left", count)
		for i, v := range variables {
			graph.Parameter(g, fmt.Sprintf("state %d", i), v.Shape())
		}
		return []*graph.Node{graph.GreaterThan(left, graph.Const(g, int32(0)))}
	})
	return variables, graph.While(more, body, initial...)[1:]
}

// reset goes back to before the first step.
func (p *program) reset(start [2]float64) {
	p.state = slices.Clone(p.initial)
	p.state[p.position] = tensors.FromValue(start[:])
}

// run takes steps and returns θ.
func (p *program) run(steps int) (theta [2]float64, err error) {
	err = try(func() error {
		if p.loops {
			p.call(int32(steps))
		} else {
			for range steps {
				p.call()
			}
		}
		flat, err := tensors.CopyFlatData[float64](p.state[p.position])
		if err == nil {
			theta = [2]float64(flat)
		}
		return err
	})
	return theta, err
}

func (p *program) call(inputs ...any) {
	for _, value := range p.state {
		inputs = append(inputs, value)
	}
	p.state = p.g.Run(inputs...)
}

// try returns what fn returns, or as an error what it panics with, as GoMLX does when it builds graphs.
func try(fn func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			err = r
		default:
			err = fmt.Errorf("%v", r)
		}
	}()
	return fn()
}
