package arch

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// LTB learns where to branch (Guo, Lee and Ulbricht, "Learning to Branch for Multi-Task Learning", ICML 2020). Each stage has several branches. Each
// branch of the next stage, and each task after the last stage, reads one of them, its parent, which it chooses with probabilities softmax(α).
// Training draws the choice anew in each step by the Gumbel trick, argmax(α + G), with the gradient of softmax((α + G)/τ) (straight-through), and
// lowers the temperature τ:
//
//	τ = Temperature/√(1 + (Temperature²/Final² - 1)·step/Steps)
//
// In the first steps, WarmUp·Steps, each child reads the mean of all parents and α stays as it is. Evaluation reads argmax(α). Chosen says what was
// chosen; with Fixed the network is built of that alone, on the same store or on a new one, which the paper trains again from the start.
//
// Branches, "shared/stage_0/branch_0", ..., and their choices, "shared/choice_1/alpha", ..., [children, parents], are shared; a task's choice is its
// own, "task/NAME/choice/alpha", [parents]. Training records softmax(α) as quantities "branch/stage_1", ..., and "branch/tasks", and τ as
// "branch/temperature".
type LTB struct {
	// Stages from the inputs on, at least one. The first should be the layers where tasks may part; what all share in any case can be Bottom.
	Stages []Trunk
	// Bottom is a shared trunk before the branches; nil means that they get the inputs.
	Bottom Trunk
	// Branches of each stage; 0 means as many as there are tasks.
	Branches int
	// Steps of the whole training, over which the temperature falls; it must be given, unless Fixed is.
	Steps int
	// Temperature at the start and Final at the end; 0 means 10 and 0.7, which LibMTL has over 200 epochs.
	Temperature, Final float64
	// WarmUp is a share of Steps; 0 means 0.01, less than 0 none.
	WarmUp float64
	// Fixed nil means that the structure is learnt.
	Fixed *Branching
}

// Features implements mtl.Architecture.
func (a LTB) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	n := orDefault(a.Branches, len(tasks))
	if len(a.Stages) == 0 || slices.Contains(a.Stages, nil) || n < 1 {
		panicf("arch.LTB has %d stages with %d branches; wanted at least one of each, and no nil", len(a.Stages), n)
	}
	x := bottomOf(scope, a.Bottom, inputs)
	build := func(stage, branch int, inputs []*graph.Node) *graph.Node {
		return a.Stages[stage].Represent(scope.At(mtl.SharedScope).At("stage_%d", stage).At("branch_%d", branch), inputs)
	}
	if a.Fixed != nil {
		return a.Fixed.features(tasks, len(a.Stages), n, x, build)
	}
	c := a.chooser(scope, x[0].Graph())
	var parents []*graph.Node
	for stage := range a.Stages {
		children := make([]*graph.Node, n)
		if stage > 0 {
			alpha := alphaOf(choiceOf(scope.At(mtl.SharedScope), stage), parents[0], n, n)
			parents = c.choose(fmt.Sprintf("branch/stage_%d", stage), numbered("branch", n), alpha, parents)
		}
		for branch := range children {
			from := x
			if stage > 0 {
				from = parents[branch : branch+1]
			}
			children[branch] = build(stage, branch, from)
		}
		parents = children
	}
	alphas := make([]*graph.Node, len(tasks))
	for t, task := range tasks {
		alphas[t] = alphaOf(ofTask(scope, task).At("choice"), parents[0], n)
	}
	return c.choose("branch/tasks", namesOf(tasks), graph.Stack(alphas, 0), parents)
}

// choiceOf is where the choices of the branches of a stage lie.
func choiceOf(shared *model.Scope, stage int) *model.Scope { return shared.At("choice_%d", stage) }

// chooser makes the choices of a graph.
type chooser struct {
	scope       *model.Scope
	temperature *graph.Node // nil in evaluation
	warming     *graph.Node // a boolean scalar
}

// chooser advances the count of steps, "shared/choice_steps", of a graph of training steps.
func (a LTB) chooser(scope *model.Scope, g *graph.Graph) chooser {
	if a.Temperature == 0 {
		a.Temperature = 10
	}
	if a.Final == 0 {
		a.Final = 0.7
	}
	if a.WarmUp == 0 {
		a.WarmUp = 0.01
	}
	if a.Steps < 1 || !(a.Final > 0 && a.Temperature >= a.Final && a.WarmUp < 1) {
		panicf("arch.LTB has Steps %d, Temperature %v, Final %v and WarmUp %v; wanted the number of training steps, a temperature that does not rise and stays above 0, "+
			"and a share below 1", a.Steps, a.Temperature, a.Final, a.WarmUp)
	}
	c := chooser{scope: scope}
	if !scope.IsTraining(g) {
		return c
	}
	counter := scope.At(mtl.SharedScope).VariableWithValue("choice_steps", int32(0)).SetTrainable(false)
	step := counter.NodeValue(g)
	counter.SetNodeValue(graph.OnePlus(step))
	progress := graph.MinScalar(graph.DivScalar(graph.ConvertDType(step, dtypes.Float32), float64(a.Steps)), 1)
	fall := a.Temperature*a.Temperature/(a.Final*a.Final) - 1
	c.temperature = graph.MulScalar(graph.Rsqrt(graph.OnePlus(graph.MulScalar(progress, fall))), a.Temperature)
	c.warming = graph.LessThan(progress, graph.Scalar(g, dtypes.Float32, a.WarmUp))
	mtl.Report(g, history.Quantity{Name: "branch/temperature"}, c.temperature)
	return c
}

// alphaOf returns the variable α of a scope, all 0 at first, in the graph and type of x.
func alphaOf(scope *model.Scope, x *graph.Node, dims ...int) *graph.Node {
	return scope.WithInitializer(initializer.Zero).VariableWithShape("alpha", shapes.Make(x.DType(), dims...)).NodeValue(x.Graph())
}

// choose returns what each child reads, for α [children, parents].
func (c chooser) choose(name string, children []string, alpha *graph.Node, parents []*graph.Node) []*graph.Node {
	g, shape := alpha.Graph(), parents[0].Shape()
	mtl.Report(g, history.Quantity{Name: name, Rows: children, Columns: numbered("branch", len(parents))}, graph.Softmax(alpha, -1))
	for i, p := range parents {
		if !p.Shape().Equal(shape) {
			panicf("branch %d of a stage of arch.LTB makes %s, branch 0 %s; wanted one shape for all", i, p.Shape(), shape)
		}
	}
	weights := c.weights(alpha)
	all := graph.Reshape(graph.Stack(parents, 0), len(parents), -1)
	return apart(graph.Einsum("cp,pf->cf", weights, all), shape)
}

func (c chooser) weights(alpha *graph.Node) *graph.Node {
	g, shape := alpha.Graph(), alpha.Shape()
	greatest := func(x *graph.Node) *graph.Node { return graph.OneHot(graph.ArgMax(x, -1), shape.Dim(-1), shape.DType) }
	if c.temperature == nil {
		return greatest(alpha)
	}
	// In [1e-7, 1): a draw of 0 would have no logarithm.
	uniform := graph.MaxScalar(c.scope.RandomUniform(g, shape), 1e-7)
	gumbel := graph.Neg(graph.Log(graph.Neg(graph.Log(uniform))))
	soft := graph.Softmax(graph.Div(graph.Add(alpha, gumbel), graph.ConvertDType(c.temperature, shape.DType)), -1)
	drawn := graph.Add(greatest(graph.StopGradient(soft)), graph.Sub(soft, graph.StopGradient(soft)))
	return graph.Where(c.warming, filled(g, shape, 1/float64(shape.Dim(-1))), drawn)
}
