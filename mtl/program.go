package mtl

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl/history"
)

// compiler builds the programs of one run: everything that a graph of training steps depends on.
type compiler struct {
	backend       compute.Backend
	store         *model.Store
	model         *Model
	optimizer     optimizer.Interface
	feed          *feed
	streamed      bool // batches arrive as tensors instead of row numbers
	batch         int
	parts         int  // passes that a step takes over parts of its batch
	scheduled     bool // the learning rate is an input of each step
	stepsPerEpoch int
}

// program is one graph that runs up to capacity optimisation steps in a call: a single step, or a loop. Its inputs are the data on the device, the row
// numbers [capacity, batch], the learning rates [capacity] and every variable; its outputs the variables that changed and, for each
// step, a report: the task losses, weights and activity, and what else the model reports [capacity, 3T + numbers].
type program struct {
	g        *graph.Graph
	capacity int
	tasks    int
	// quantities follow the tasks in each step's report.
	quantities []history.Quantity
	outputs    []*graph.Node
	variables  variableInputs
	rows       graph.ParameterHandle
	rates      graph.ParameterHandle
	start      graph.ParameterHandle
	count      graph.ParameterHandle
	reports    graph.ParameterHandle
}

// Names of the parameters that are neither data nor variables; no variable's path lacks the leading slash.
const (
	rowsName    = "rows"
	ratesName   = "learning_rates"
	startName   = "start"
	countName   = "count"
	reportsName = "reports"
	// taskWidth numbers a task begin a report: loss, weight, 1 if it had a label.
	taskWidth = 3
	// XLA wants parameter names that are unique over all functions of a program.
	initialPrefix = "initial_"
)

// losses builds a forward pass in training mode.
func (c *compiler) losses(g *graph.Graph, batch batchNodes) *taskLosses {
	losses := c.model.accumulated(c.store, batch, c.parts)
	applyFreezing(c.store) // on variables made just now, too
	losses.keep(g)
	return losses
}

// trace builds one optimisation step and returns its report, one vector: losses, weights, which tasks had a label, and the quantities. rate may be nil.
func (c *compiler) trace(g *graph.Graph, p *program, batch batchNodes, rate *graph.Node) *graph.Node {
	scope := c.store.RootScope()
	c.store.SetTraining(g, true)
	model.SetGraphParam(g, epochKey, c.stepsPerEpoch)
	reports := collectReports(g)
	losses := c.losses(g, batch)
	total := graph.ReduceAllSum(losses.values)
	if rate != nil {
		optimizer.LearningRateVar(scope, total.DType(), 0).SetNodeValue(graph.ConvertDType(rate, total.DType()))
	}
	c.optimizer.UpdateGraph(scope, g, total)
	train.ExecPerStepUpdateGraphFn(g)
	weights, _ := model.GetGraphParam(g, weightsKey)
	report := graph.ConvertDType(graph.Concatenate([]*graph.Node{losses.values, weights.(*graph.Node), losses.active}, 0), dtypes.Float32)
	p.quantities = reports.quantities
	return graph.Concatenate(append([]*graph.Node{report}, reports.values...), 0)
}

// single traces a graph of one optimisation step. Several steps unrolled in one graph were measured and brought nothing.
func (c *compiler) single() (*program, error) {
	p, g := c.begin(1)
	err := try(func() {
		data, rows, rates := c.inputs(g, p)
		batch, rate := c.stepInputs(data, rows, rates, func(x *graph.Node) *graph.Node { return x })
		p.outputs = []*graph.Node{graph.InsertAxes(c.trace(g, p, batch, rate), 0)}
		p.outputs = append(p.outputs, p.variables.addUsed(g, c.store)...)
	})
	return p, err
}

// loop traces a graph whose While runs as many steps as each call asks for, up to capacity. Every variable is loop state. It is traced
// once, inside the body: the variables become the body's parameters at their first use.
func (c *compiler) loop(capacity int) (*program, error) {
	p, g := c.begin(capacity)
	err := try(func() {
		data, rows, rates := c.inputs(g, p)
		// No constant may be made here, outside the body: GoMLX caches scalars per graph, and the body could not use them.
		stateShapes := []shapes.Shape{int32Shape(), int32Shape()}
		initial := make([]*graph.Node, len(stateShapes))
		for k, name := range []string{startName, countName} {
			initial[k] = graph.Parameter(g, initialPrefix+name, stateShapes[k])
		}
		p.start, p.count = initial[0].GetParameterHandle(), initial[1].GetParameterHandle()

		var state []*model.Variable
		var isChanged []bool
		body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			i := graph.Parameter(g, startName, stateShapes[0])
			count := graph.Parameter(g, countName, stateShapes[1])
			before := len(g.Nodes())
			batch, rate := c.stepInputs(data, rows, rates, func(x *graph.Node) *graph.Node {
				return graph.Gather(x, graph.Reshape(i, 1, 1))
			})
			report := graph.InsertAxes(c.trace(g, p, batch, rate), 0)
			next := []*graph.Node{graph.OnePlus(i), count}
			// A variable became a parameter of the body at its first use; the order of the parameters is that of the loop state.
			for _, node := range g.Nodes()[before:] {
				if node.Type() != graph.NodeTypeParameter {
					continue
				}
				v := c.store.GetVariable(node.GetParameterName())
				if v == nil {
					continue
				}
				state = append(state, v)
				isChanged = append(isChanged, v.ChangedInGraph(g))
				stateShapes = append(stateShapes, v.Shape())
				next = append(next, v.NodeValue(g))
			}
			// Last, as only now it is known how wide a report is.
			shape := shapes.Make(dtypes.Float32, capacity, p.reportWidth())
			stateShapes = append(stateShapes, shape)
			reports := graph.Parameter(g, reportsName, shape)
			return append(next, graph.DynamicUpdateSlice(reports, report, []*graph.Node{i, graph.ScalarZero(g, dtypes.Int32)}))
		})
		cond := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			nodes := make([]*graph.Node, len(stateShapes))
			for k, shape := range stateShapes {
				nodes[k] = graph.Parameter(g, fmt.Sprintf("state_%d", k), shape)
			}
			return []*graph.Node{graph.LessThan(nodes[0], nodes[1])}
		})
		for k, v := range state {
			node := graph.Parameter(g, initialPrefix+v.Path(), v.Shape())
			initial = append(initial, node)
			p.variables.add(c.store, v, node.GetParameterHandle(), isChanged[k])
		}
		reports := graph.Parameter(g, initialPrefix+reportsName, stateShapes[len(stateShapes)-1])
		p.reports = reports.GetParameterHandle()
		first := len(initial) - len(state)
		final := graph.While(cond, body, append(initial, reports)...)
		outputs := []*graph.Node{final[len(final)-1]}
		for k := range state {
			if isChanged[k] {
				outputs = append(outputs, final[first+k])
			}
		}
		p.outputs = outputs
	})
	return p, err
}

func (c *compiler) begin(capacity int) (*program, *graph.Graph) {
	g := graph.NewGraph(c.backend, "mtl training steps")
	model.SetStore(g, c.store)
	return &program{g: g, capacity: capacity, tasks: len(c.model.Tasks), rates: -1, start: -1, count: -1, reports: -1, rows: -1}, g
}

// inputs declares the data, the row numbers and the learning rates.
func (c *compiler) inputs(g *graph.Graph, p *program) (data []*graph.Node, rows, rates *graph.Node) {
	data = c.feed.parameters(g)
	if !c.streamed {
		rows = graph.Parameter(g, rowsName, int32Shape(p.capacity, c.batch))
		p.rows = rows.GetParameterHandle()
	}
	if c.scheduled {
		rates = graph.Parameter(g, ratesName, shapes.Make(dtypes.Float32, p.capacity))
		p.rates = rates.GetParameterHandle()
	}
	return data, rows, rates
}

// stepInputs returns the batch and the learning rate of one step of the call; at picks that step's part of a node, [1, ...].
func (c *compiler) stepInputs(data []*graph.Node, rows, rates *graph.Node, at func(*graph.Node) *graph.Node) (batch batchNodes, rate *graph.Node) {
	if rates != nil {
		rate = graph.Reshape(at(rates))
	}
	if c.streamed {
		return c.feed.whole(data), rate
	}
	return c.feed.gather(data, graph.Reshape(at(rows), c.batch)), rate
}

// compile hands the traced graph to the backend.
func (p *program) compile() (err error) {
	if panicked := try(func() { err = p.g.Compile(p.outputs...) }); panicked != nil {
		return panicked
	}
	return err
}

// hasConvolution tells whether the traced steps contain one.
func (p *program) hasConvolution() bool {
	for _, node := range p.g.Nodes() {
		if node.Type() == graph.NodeTypeConvGeneral {
			return true
		}
	}
	return false
}

// run executes steps optimisation steps on the variables of one run, as p.variables.of returns them, and returns the rows of the report that they
// wrote. data are the feed's buffers, or the batch of a stream. Several runs may be under way at once, each with variables of its
// own. On an error the values of the variables are lost.
func (p *program) run(variables []*model.Variable, data []compute.Buffer, rows []int32, rates []float32, steps int) (reports [][]float32, err error) {
	if steps < 1 || steps > p.capacity {
		return nil, fmt.Errorf("mtl: %d steps asked of a program of 1 to %d", steps, p.capacity)
	}
	backend := p.g.Backend()
	inputs := make([]compute.Buffer, p.g.NumParameters())
	donate := make([]bool, len(inputs))
	copy(inputs, data)
	var small []compute.Buffer
	put := func(handle graph.ParameterHandle, flat any, shape shapes.Shape) {
		if handle < 0 || err != nil {
			return
		}
		inputs[handle], err = backend.BufferFromFlatData(0, flat, shape)
		small = append(small, inputs[handle])
	}
	batch := 0
	if p.rows >= 0 {
		batch = p.g.GetParameterByHandle(p.rows).Shape().Dimensions[1]
	}
	put(p.rows, padded(rows, p.capacity*batch), int32Shape(p.capacity, batch))
	put(p.rates, padded(rates, p.capacity), shapes.Make(dtypes.Float32, p.capacity))
	put(p.start, []int32{0}, int32Shape())
	put(p.count, []int32{int32(steps)}, int32Shape())
	width := p.reportWidth()
	put(p.reports, make([]float32, p.capacity*width), shapes.Make(dtypes.Float32, p.capacity, width))
	defer func() {
		for _, b := range small {
			if b != nil {
				_ = b.Finalize()
			}
		}
	}()
	if err != nil {
		return nil, fmt.Errorf("mtl: cannot hand a batch to the device: %w", err)
	}
	if err = p.variables.put(backend, variables, inputs, donate); err != nil {
		return nil, err
	}
	var outputs []*tensors.Tensor
	if err = try(func() { outputs = p.g.RunWithBuffers(inputs, donate, 0) }); err != nil {
		return nil, fmt.Errorf("mtl: the training step failed on the device: %w", err)
	}
	if err = p.variables.take(variables, outputs[1:]); err != nil {
		return nil, err
	}
	flat, err := tensors.CopyFlatData[float32](outputs[0])
	if err != nil {
		return nil, fmt.Errorf("mtl: cannot read the losses back: %w", err)
	}
	if err = outputs[0].FinalizeAll(); err != nil {
		return nil, err
	}
	for i := range steps {
		reports = append(reports, flat[i*width:(i+1)*width])
	}
	return reports, nil
}

// reportWidth is how many numbers a step reports.
func (p *program) reportWidth() int { return taskWidth*p.tasks + width(p.quantities) }

func (p *program) finalize() { p.g.Finalize() }

// padded returns values as a slice of length n, filled up with zeros.
func padded[T any](values []T, n int) []T {
	if len(values) == n {
		return values
	}
	full := make([]T, n)
	copy(full, values)
	return full
}
