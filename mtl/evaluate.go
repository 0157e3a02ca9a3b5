package mtl

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// DefaultEvaluationBatch is the number of examples that evaluation and prediction put through the model at once.
const DefaultEvaluationBatch = 256

// Evaluation holds every task's loss and metrics over a whole split, by task name. A figure that is undefined there, such as the loss of a
// task without a single label, is NaN.
type Evaluation struct {
	Loss   map[string]float64
	Metric map[string]map[string]float64
}

// Evaluate runs the model of store over the whole split, in inference mode. A store without any
// variable of a model gets initial values; one that was trained or loaded must be of this model: the
// error lists the variables that one of them lacks.
func Evaluate(ctx context.Context, backend compute.Backend, store *model.Store, m *Model, split *Split) (*Evaluation, error) {
	had := trainedIn(store)
	e, err := evaluatorOn(backend, store, m, split)
	if err != nil {
		return nil, err
	}
	if err := had.check(m, e.variables.paths); err != nil {
		return nil, errors.Join(err, e.close())
	}
	var result *Evaluation
	if err = store.InitializeVariables(backend, nil); err == nil {
		result, err = e.run(ctx, store, e.feed)
	}
	return result, errors.Join(err, e.close())
}

// Evaluator evaluates any number of stores of a model on one split, with one compilation. Close frees it.
type Evaluator struct{ on *evaluator }

// NewEvaluator compiles the evaluation of the model.
func NewEvaluator(backend compute.Backend, m *Model, split *Split) (*Evaluator, error) {
	on, err := evaluatorOn(backend, model.NewStore(), m, split)
	if err != nil {
		return nil, err
	}
	return &Evaluator{on}, nil
}

// Evaluate runs the model with the variables of store, which must have all of them, over the whole split, in inference mode.
func (e *Evaluator) Evaluate(ctx context.Context, store *model.Store) (*Evaluation, error) {
	return e.evaluate(ctx, store, e.on.feed)
}

// EvaluateOn is Evaluate on another split of the same shapes, such as another draw or fold.
func (e *Evaluator) EvaluateOn(ctx context.Context, store *model.Store, split *Split) (*Evaluation, error) {
	data, err := e.on.other(split, "evaluated")
	if err != nil {
		return nil, err
	}
	return e.evaluate(ctx, store, data)
}

func (e *Evaluator) evaluate(ctx context.Context, store *model.Store, data *feed) (*Evaluation, error) {
	if err := trainedIn(store).check(e.on.model, e.on.variables.paths); err != nil {
		return nil, err
	}
	return e.on.run(ctx, store, data)
}

// Close frees the program.
func (e *Evaluator) Close() error { return e.on.close() }

// evaluatorOn checks what it is given before it compiles.
func evaluatorOn(backend compute.Backend, store *model.Store, m *Model, split *Split) (*evaluator, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if err := split.Check("evaluated", m.Tasks); err != nil {
		return nil, err
	}
	return newEvaluator(backend, store, m, split, DefaultEvaluationBatch)
}

// evaluator holds the compiled graph that adds up the sums of one batch: for each task its loss times the labelled entries, their number, and
// the sums of each metric. It serves every store with the model's variables.
type evaluator struct {
	model     *Model
	split     *Split
	feed      *feed
	g         *graph.Graph
	variables variableInputs
	batch     int
	widths    [][]int // by task and metric
}

// newEvaluator traces and compiles. store gets those variables of the model that it lacks, without values.
func newEvaluator(backend compute.Backend, store *model.Store, m *Model, split *Split, batch int) (*evaluator, error) {
	e := &evaluator{model: m, split: split, feed: newFeed(split, m.Tasks), g: graph.NewGraph(backend, "mtl evaluation"), batch: min(batch, split.Len())}
	var sums *graph.Node
	err := try(func() {
		model.SetStore(e.g, store)
		data := e.feed.parameters(e.g)
		rows, counted := graph.Parameter(e.g, rowsName, int32Shape(e.batch)), graph.Parameter(e.g, "counted", shapes.Make(dtypes.Bool, e.batch))
		sums = e.sums(store.RootScope(), data, rows, counted)
		e.variables.addUsed(e.g, store)
	})
	if err == nil {
		e.feed.ids = idsOf(e.g)
		if err := e.feed.ids.check(split.Inputs, "evaluated split"); err != nil {
			return nil, errors.Join(err, e.close())
		}
		panicked := try(func() { err = e.g.Compile(sums) })
		err = errors.Join(err, panicked)
	}
	if err == nil {
		err = e.feed.upload(backend)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("mtl: the validation program does not compile: %w", err), e.close())
	}
	return e, nil
}

func (e *evaluator) close() error { return try(e.g.Finalize) }

// sums takes the data, the row numbers [batch] and which of them count [batch].
func (e *evaluator) sums(scope *model.Scope, data []*graph.Node, rows, counted *graph.Node) *graph.Node {
	batch := e.feed.gather(data, rows)
	predictions := e.model.Graph(scope, nil, batch.inputs)
	var sums []*graph.Node
	e.widths = make([][]int, len(e.model.Tasks))
	for i := range e.model.Tasks {
		t := &e.model.Tasks[i]
		labels := batch.labels[i]
		mask := broadcastMask(t.Name, counted, labels)
		if known := t.mask(labels, batch.masks[i]); known != nil {
			mask = graph.LogicalAnd(mask, known)
		}
		labels, mask = t.aligned(labels, mask, predictions[i])
		count := graph.ReduceAllSum(graph.ConvertDType(mask, dtypes.Float64))
		loss, _ := t.LossOver(labels, mask, predictions[i])
		sums = append(sums, graph.InsertAxes(graph.Mul(graph.ConvertDType(loss, dtypes.Float64), count), 0), graph.InsertAxes(count, 0))
		for _, metric := range t.Metrics {
			part := metric.Sums(labels, mask, predictions[i])
			e.widths[i] = append(e.widths[i], part.Shape().Size())
			sums = append(sums, part)
		}
	}
	return graph.Concatenate(sums, 0)
}

// other puts another split of the same shapes on the device.
func (e *evaluator) other(split *Split, what string) (*feed, error) {
	data, err := e.feed.like(split, e.model.Tasks, what)
	if err != nil {
		return nil, err
	}
	return data, data.upload(e.g.Backend())
}

// run evaluates the model of a store on data, which are e.feed or other ones.
func (e *evaluator) run(ctx context.Context, store *model.Store, data *feed) (*Evaluation, error) {
	variables, err := e.variables.of(store)
	if err != nil {
		return nil, err
	}
	inputs := make([]compute.Buffer, e.g.NumParameters())
	copy(inputs, data.buffers)
	if err := e.variables.put(e.g.Backend(), variables, inputs, nil); err != nil {
		return nil, err
	}
	var total []float64
	n := e.split.Len()
	for start := 0; start < n; start += e.batch {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("mtl: evaluation stopped after %d of %d examples: %w", start, n, err)
		}
		rows, counted := make([]int32, e.batch), make([]bool, e.batch)
		for i := range rows {
			if counted[i] = start+i < n; counted[i] {
				rows[i] = int32(start + i)
			}
		}
		sums, err := e.call(inputs, rows, counted)
		if err != nil {
			return nil, fmt.Errorf("mtl: evaluation failed at example %d: %w", start, err)
		}
		if total == nil {
			total = make([]float64, len(sums))
		}
		for i, v := range sums {
			total[i] += v
		}
	}
	return e.figures(total), nil
}

// call adds up one batch. inputs are the data and the variables.
func (e *evaluator) call(inputs []compute.Buffer, rows []int32, counted []bool) (sums []float64, err error) {
	backend := e.g.Backend()
	at := len(e.feed.buffers)
	for k, flat := range []any{rows, counted} {
		shape := e.g.GetParameterByHandle(graph.ParameterHandle(at + k)).Shape()
		if inputs[at+k], err = backend.BufferFromFlatData(0, flat, shape); err != nil {
			return nil, err
		}
		defer func() { _ = inputs[at+k].Finalize() }()
	}
	panicked := try(func() {
		out := e.g.RunWithBuffers(inputs, make([]bool, len(inputs)), 0)[0]
		defer out.MustFinalizeAll()
		sums, err = tensors.CopyFlatData[float64](out)
	})
	return sums, errors.Join(err, panicked)
}

func (e *evaluator) figures(sums []float64) *Evaluation {
	result := &Evaluation{Loss: map[string]float64{}, Metric: map[string]map[string]float64{}}
	for i, t := range e.model.Tasks {
		result.Loss[t.Name] = math.NaN()
		if sums[1] > 0 {
			result.Loss[t.Name] = sums[0] / sums[1]
		}
		sums = sums[2:]
		result.Metric[t.Name] = map[string]float64{}
		for k, metric := range t.Metrics {
			width := e.widths[i][k]
			result.Metric[t.Name][metric.Name()] = metric.Value(sums[:width])
			sums = sums[width:]
		}
	}
	return result
}
