package transfer

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl"
)

// form is how labels and a teacher's predictions lie in one float32 tensor, along its last axis: the label first, then the teacher's logits of all classes, or
// its one value.
type form struct {
	classes bool // an index and logits [..., classes]; else two values of one shape
	binary  bool // the values are a label of 0 or 1 and a logit
}

func formOf(t *mtl.Task) (form, error) {
	switch t.Kind {
	case mtl.KindClassification, mtl.KindSegmentation:
		return form{classes: true}, nil
	case mtl.KindBinary, mtl.KindMultiLabel:
		return form{binary: true}, nil
	case mtl.KindRegression, mtl.KindPixelRegression:
		return form{}, nil
	}
	return form{}, fmt.Errorf("transfer: task %q is of kind %q, which cannot be distilled: wanted classes, binary labels or real values", t.Name, t.Kind)
}

// unpack returns the labels, as the task's loss takes them, and the teacher's predictions.
func (f form) unpack(packed *graph.Node) (hard, soft *graph.Node) {
	hard, soft = firstAndRest(packed)
	if f.classes {
		return graph.ConvertDType(hard, dtypes.Int32), soft
	}
	return hard, graph.Squeeze(soft, -1)
}

// masks returns which labels are known, and which predictions of the teacher.
func (f form) masks(mask *graph.Node) (known, taught *graph.Node) {
	known, _ = firstAndRest(mask)
	return known, graph.Squeeze(graph.SliceAxis(mask, -1, graph.AxisRange(1, 2)), -1)
}

func firstAndRest(x *graph.Node) (first, rest *graph.Node) {
	return graph.Squeeze(graph.SliceAxis(x, -1, graph.AxisRange(0, 1)), -1), graph.SliceAxis(x, -1, graph.AxisRangeToEnd(1))
}

// divergence is τ²·KL(teacher ‖ student), or the squared error, for each entry.
func (f form) divergence(teacher, z *graph.Node, temperature float64) *graph.Node {
	switch {
	case f.classes:
		p, q := graph.LogSoftmax(graph.DivScalar(teacher, temperature)), graph.LogSoftmax(graph.DivScalar(z, temperature))
		return graph.MulScalar(graph.ReduceSum(graph.Mul(graph.Exp(p), graph.Sub(p, q)), -1), temperature*temperature)
	case f.binary:
		teacher, z = graph.DivScalar(graph.Reshape(teacher, z.Shape().Dimensions...), temperature), graph.DivScalar(z, temperature)
		yes := graph.Sigmoid(teacher)
		// log σ(x) = −softplus(−x), log(1 − σ(x)) = −softplus(x)
		kl := graph.Add(graph.Mul(yes, graph.Sub(softplus(graph.Neg(z)), softplus(graph.Neg(teacher)))),
			graph.Mul(graph.OneMinus(yes), graph.Sub(softplus(z), softplus(teacher))))
		return graph.MulScalar(kl, temperature*temperature)
	}
	return graph.Square(graph.Sub(graph.Reshape(teacher, z.Shape().Dimensions...), z))
}

func softplus(x *graph.Node) *graph.Node {
	return graph.Add(graph.Max(x, graph.ZerosLike(x)), graph.Log1P(graph.Exp(graph.Neg(graph.Abs(x)))))
}

// pack joins the labels of a split, where it has any, and the teacher's predictions, and says which are known; the mask is nil where all are.
func (f form) pack(t *mtl.Task, split *mtl.Split, teacher *tensors.Tensor) (packed, mask *tensors.Tensor, err error) {
	soft, err := tensors.CopyFlatData[float32](teacher)
	if err != nil {
		return nil, nil, fmt.Errorf("transfer: the teacher's predictions of task %q are %s; wanted float32: %w", t.Name, teacher.Shape(), err)
	}
	dims, width := teacher.Shape().Dimensions, 1
	if f.classes {
		width, dims = dims[len(dims)-1], dims[:len(dims)-1]
	}
	count := len(soft) / width
	hard, known := make([]float32, count), make([]bool, count)
	if labels := split.Labels[t.Name]; labels != nil {
		if labels.Shape().Size() != count || labels.Shape().Dimensions[0] != dims[0] {
			return nil, nil, fmt.Errorf("transfer: the labels of task %q are shaped %s and the teacher's predictions %s: they do not go together", t.Name, labels.Shape(), teacher.Shape())
		}
		if hard, known, err = hardLabels(t, labels, split.Masks[t.Name]); err != nil {
			return nil, nil, err
		}
	}
	all := make([]float32, 0, count*(1+width))
	flags := make([]bool, 0, cap(all))
	whole := true
	for i := range count {
		all = append(append(all, hard[i]), soft[i*width:(i+1)*width]...)
		flags = append(append(flags, known[i]), repeated(true, width)...)
		whole = whole && known[i]
	}
	shape := append(append([]int{}, dims...), 1+width)
	packed = tensors.FromFlatDataAndDimensions(all, shape...)
	if !whole {
		mask = tensors.FromFlatDataAndDimensions(flags, shape...)
	}
	return packed, mask, nil
}

// hardLabels are the labels as numbers, and which are known: 0 stands for those that are not.
func hardLabels(t *mtl.Task, labels, mask *tensors.Tensor) (hard []float32, known []bool, err error) {
	switch labels.DType() {
	case dtypes.Int32:
		flat, err := tensors.CopyFlatData[int32](labels)
		if err != nil {
			return nil, nil, err
		}
		for _, y := range flat {
			hard = append(hard, float32(y))
		}
	case dtypes.Float32:
		if hard, err = tensors.CopyFlatData[float32](labels); err != nil {
			return nil, nil, err
		}
	default:
		return nil, nil, fmt.Errorf("transfer: the labels of task %q are %s; wanted int32 or float32", t.Name, labels.Shape())
	}
	known = repeated(true, len(hard))
	if mask != nil {
		flags, err := tensors.CopyFlatData[bool](mask)
		if err != nil || len(flags) == 0 || len(hard)%len(flags) != 0 {
			return nil, nil, fmt.Errorf("transfer: the mask of task %q is shaped %s and its labels %s", t.Name, mask.Shape(), labels.Shape())
		}
		for i := range known {
			known[i] = flags[i/(len(hard)/len(flags))]
		}
	}
	for i, y := range hard {
		known[i] = known[i] && (t.IgnoreLabel == nil || y != float32(*t.IgnoreLabel))
		if !known[i] {
			hard[i] = 0
		}
	}
	return hard, known, nil
}

// check is what the labels of a distilled task must be.
func (f form) check(t *mtl.Task, labels, _ *tensors.Tensor) error {
	hint := fmt.Sprintf("the labels of the distilled task %q", t.Name)
	if labels.DType() != dtypes.Float32 || labels.Rank() < 2 {
		return fmt.Errorf("transfer: %s are %s; wanted float32 with the teacher's predictions beside the labels, as Teach packs them", hint, labels.Shape())
	}
	flat, err := tensors.CopyFlatData[float32](labels)
	if err != nil {
		return err
	}
	width := labels.Shape().Dimensions[labels.Rank()-1]
	for i, v := range flat {
		classes := width - 1
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || f.classes && i%width == 0 && !(v >= 0 && int(v) < classes) {
			return fmt.Errorf("transfer: %s have the value %v at position %d of %s: wanted finite numbers, and classes from 0 to %d first", hint, v, i, labels.Shape(), classes-1)
		}
	}
	return nil
}
