package relate

import (
	"context"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/affinity"
)

// ActiveSubspaces compares the directions of the input that the tasks' models respond to. With f_t the predictions of task t,
//
//	S_t = E[∇f_t·∇f_tᵀ]
//
// (Constantine, "Active Subspaces", 2015; summed over the outputs where there are several), [d, d] for d inputs, the value for two tasks is the cosine of S_i and S_j, each without its isotropic
// part tr(S)/d·I: about 0 for models that look at unrelated directions of the input although their labels may correlate, high for those that look at the same although theirs may not, 1 at
// most. It needs at least two inputs, floating-point numbers of about the same scale, and models that have learnt something. m is Separate(m), or any trained model.
type ActiveSubspaces struct {
	// Outputs is the greatest number of outputs of a task whose gradients are taken one by one; of more, that many random sums with signs are. S_t
	// then has the same mean but is noisy, and so are the cosines. 0 means 16.
	Outputs int
	// Seed of the signs.
	Seed uint64
}

// Measure takes the expectation over the examples of inputs, all at once; a few hundred are enough.
func (a ActiveSubspaces) Measure(ctx context.Context, b compute.Backend, store *model.Store, m *mtl.Model, inputs ...*tensors.Tensor) (*affinity.Matrix, error) {
	outputs, err := execute(ctx, b, store, m, inputs, func(inputs, _, predictions []*graph.Node) []*graph.Node {
		return []*graph.Node{a.cosines(m.Tasks, inputs, predictions)}
	})
	if err != nil {
		return nil, err
	}
	flat, err := tensors.CopyFlatData[float32](outputs[0])
	if err != nil {
		return nil, err
	}
	result := affinity.New("cosine of active subspaces", true, m.TaskNames()...)
	for i := range result.Values {
		copy(result.Values[i], float64s(flat[i*len(m.Tasks):(i+1)*len(m.Tasks)]))
	}
	return result, nil
}

// cosines is [T, T].
func (a ActiveSubspaces) cosines(tasks []mtl.Task, inputs, predictions []*graph.Node) *graph.Node {
	for i, x := range inputs {
		if !x.DType().IsFloat() {
			exceptions.Panicf("mtl: active subspaces need inputs with gradients; input %d is %s", i, x.Shape())
		}
	}
	gradients := make([]*graph.Node, len(tasks)) // [rows, d]
	for t := range tasks {
		gradients[t] = a.gradients(tasks[t].Kind, inputs, predictions[t])
	}
	// ⟨S_i, S_j⟩ = ‖G_i·G_jᵀ‖_F² = ⟨G_iᵀG_i, G_jᵀG_j⟩, up to factors that the cosine takes out.
	narrow, wide := true, gradients[0].Shape().Dim(1)
	var traces []*graph.Node
	for _, g := range gradients {
		traces = append(traces, graph.ReduceAllSum(graph.Square(g)))
		narrow = narrow && g.Shape().Dim(1) <= g.Shape().Dim(0)
	}
	if narrow {
		for t, g := range gradients {
			gradients[t] = graph.Reshape(graph.Einsum("nd,ne->de", g, g), 1, -1)
		}
		all := graph.Concatenate(gradients, 0)
		return centredCosines(graph.Einsum("id,jd->ij", all, all), traces, wide)
	}
	products := make([][]*graph.Node, len(tasks))
	for i := range tasks {
		for j := range tasks {
			if j < i {
				products[i] = append(products[i], products[j][i])
				continue
			}
			kernel := graph.Einsum("nd,md->nm", gradients[i], gradients[j])
			products[i] = append(products[i], graph.ReduceAllSum(graph.Square(kernel)))
		}
	}
	rows := make([]*graph.Node, len(tasks))
	for i, row := range products {
		rows[i] = graph.Stack(row, 0)
	}
	return centredCosines(graph.Stack(rows, 0), traces, wide)
}

// centredCosines are those of S_t - tr(S_t)/d·I, given the products and the traces of S_t: ⟨S_i, S_j⟩ - tr(S_i)·tr(S_j)/d.
func centredCosines(products *graph.Node, traces []*graph.Node, d int) *graph.Node {
	trace := graph.Stack(traces, 0)
	both := graph.Mul(graph.InsertAxes(trace, 0), graph.InsertAxes(trace, 1))
	return cosines(graph.Sub(products, graph.DivScalar(both, float64(d))))
}

// gradients are those of the outputs of a task, one below the other, scaled such that their products do not overflow.
func (a ActiveSubspaces) gradients(kind mtl.Kind, inputs []*graph.Node, prediction *graph.Node) *graph.Node {
	batch := prediction.Shape().Dim(0)
	if kind == mtl.KindClassification || kind == mtl.KindSegmentation {
		// Logits mean the same with any number added to all of them.
		prediction = graph.Sub(prediction, graph.ReduceAndKeep(prediction, graph.ReduceMean, -1))
	}
	outputs := graph.Reshape(prediction, batch, -1)
	most := a.Outputs
	if most == 0 {
		most = 16
	}
	if count := outputs.Shape().Dim(1); count > most {
		random := rand.New(rand.NewPCG(a.Seed, uint64(count)))
		signs := make([][]float64, count)
		for k := range signs {
			for range most {
				signs[k] = append(signs[k], float64(2*random.IntN(2)-1))
			}
		}
		outputs = graph.Einsum("nk,kp->np", outputs, graph.ConstAsDType(outputs.Graph(), outputs.DType(), signs))
	}
	var rows []*graph.Node
	for k := range outputs.Shape().Dim(1) {
		sum := graph.ReduceAllSum(graph.SliceAxis(outputs, 1, graph.AxisElem(k)))
		var parts []*graph.Node
		for _, d := range graph.Gradient(sum, inputs...) {
			parts = append(parts, graph.ConvertDType(graph.Reshape(d, batch, -1), dtypes.Float32))
		}
		rows = append(rows, graph.Concatenate(parts, 1))
	}
	all := graph.Concatenate(rows, 0)
	largest := graph.ReduceAllMax(graph.Abs(all))
	return safeDiv(all, graph.BroadcastToShape(largest, all.Shape()))
}
