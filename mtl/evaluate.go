package mtl

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

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

// Evaluate runs the model of store over the whole split, in inference mode.
func Evaluate(ctx context.Context, backend compute.Backend, store *model.Store, m *Model, split *Split) (*Evaluation, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if err := split.Check("evaluated", m.Tasks); err != nil {
		return nil, err
	}
	e, err := newEvaluator(backend, store, m, split, DefaultEvaluationBatch)
	if err != nil {
		return nil, err
	}
	defer e.exec.Finalize()
	return e.run(ctx)
}

// evaluator holds the compiled graph that adds up the sums of one batch: for each task its loss times the labelled entries, their number, and
// the sums of each metric.
type evaluator struct {
	model  *Model
	split  *Split
	feed   *feed
	exec   *model.Exec
	batch  int
	widths [][]int // by task and metric, filled when the graph is built
}

func newEvaluator(backend compute.Backend, store *model.Store, m *Model, split *Split, batch int) (*evaluator, error) {
	e := &evaluator{model: m, split: split, feed: newFeed(split, m.Tasks), batch: min(batch, split.Len())}
	var err error
	e.exec, err = model.NewExec(backend, store, e.graph)
	return e, err
}

// compile compiles the graph before the first run: XLA takes seconds for it, during which a live figure would stand still.
func (e *evaluator) compile() error {
	inputs := append(slices.Clone(e.feed.shapes), shapes.Make(dtypes.Int32, e.batch), shapes.Make(dtypes.Bool, e.batch))
	var err error
	panicked := try(func() { _, err = e.exec.Compile(inputs...) })
	if err = errors.Join(err, panicked); err != nil {
		return fmt.Errorf("mtl: the validation program does not compile: %w", err)
	}
	return nil
}

// graph takes the data tensors, the row numbers [batch] and which of them count [batch].
func (e *evaluator) graph(scope *model.Scope, args []*graph.Node) *graph.Node {
	data, rows, counted := args[:len(args)-2], args[len(args)-2], args[len(args)-1]
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
		count := graph.ReduceAllSum(graph.ConvertDType(mask, dtypes.Float64))
		loss, _ := t.lossOf(labels, mask, predictions[i])
		sums = append(sums, graph.InsertAxes(graph.Mul(graph.ConvertDType(loss, dtypes.Float64), count), 0), graph.InsertAxes(count, 0))
		for _, metric := range t.Metrics {
			part := metric.Sums(labels, mask, predictions[i])
			e.widths[i] = append(e.widths[i], part.Shape().Size())
			sums = append(sums, part)
		}
	}
	return graph.Concatenate(sums, 0)
}

func (e *evaluator) run(ctx context.Context) (*Evaluation, error) {
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
		args := make([]any, 0, len(e.feed.tensors)+2)
		for _, t := range e.feed.tensors {
			args = append(args, t)
		}
		args = append(args, tensors.FromFlatDataAndDimensions(rows, e.batch), tensors.FromFlatDataAndDimensions(counted, e.batch))
		sums, err := e.call(args)
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

func (e *evaluator) call(args []any) (sums []float64, err error) {
	panicked := try(func() {
		var out *tensors.Tensor
		if out, err = e.exec.Call1(args...); err != nil {
			return
		}
		defer out.MustFinalizeAll()
		sums, err = tensors.CopyFlatData[float64](out)
	})
	if panicked != nil {
		return nil, panicked
	}
	return sums, err
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
