package relate

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/affinity"
)

// LabelCorrelation is the correlation of the tasks' labels over the examples that both are known for: Pearson's for one real number or one binary label per example; for classes, one-hot, and several
// numbers, the square root of their linear CKA, which has no sign and is |Pearson's| for one number. Tasks with labels per pixel are an error. It does not tell whether tasks are related: tasks that
// use the same features in different ways may have uncorrelated labels. It is here to be compared with.
func LabelCorrelation(split *mtl.Split, tasks []mtl.Task) (*affinity.Matrix, error) {
	labels, known := make([][][]float64, len(tasks)), make([][]bool, len(tasks))
	var names []string
	for i := range tasks {
		names = append(names, tasks[i].Name)
		var err error
		if labels[i], known[i], err = labelRows(split, &tasks[i]); err != nil {
			return nil, err
		}
	}
	m := affinity.New("correlation of labels", true, names...)
	for i := range tasks {
		m.Values[i][i] = 1
		for j := range i {
			var x, y [][]float64
			for n := range labels[i] {
				if known[i][n] && known[j][n] {
					x, y = append(x, labels[i][n]), append(y, labels[j][n])
				}
			}
			v := labelCorrelation(x, y)
			m.Values[i][j], m.Values[j][i] = v, v
		}
	}
	return m, nil
}

// labelCorrelation is NaN where there are too few examples, or labels that do not vary.
func labelCorrelation(x, y [][]float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	x, y = centre(x), centre(y)
	square := func(p [][]float64) (sum float64) {
		for _, row := range p {
			sum += dot(row, row)
		}
		return sum
	}
	v := math.Sqrt(square(product(x, y)) / math.Sqrt(square(product(x, x))*square(product(y, y))))
	if len(x[0]) == 1 && len(y[0]) == 1 {
		v = math.Copysign(v, product(x, y)[0][0])
	}
	return v
}

// labelRows are the labels of one task as rows of numbers, and which are known.
func labelRows(split *mtl.Split, t *mtl.Task) (rows [][]float64, known []bool, err error) {
	y := split.Labels[t.Name]
	if y == nil {
		return nil, nil, fmt.Errorf("relate: the split has no labels for task %q", t.Name)
	}
	dims := y.Shape().Dimensions
	if len(dims) == 0 || len(dims) > 2 || t.Kind == mtl.KindSegmentation || t.Kind == mtl.KindPixelRegression {
		return nil, nil, fmt.Errorf("relate: labels of task %q are shaped %s; wanted one class or a few numbers for each example", t.Name, y.Shape())
	}
	n := dims[0]
	known = make([]bool, n)
	for i := range known {
		known[i] = true
	}
	if y.DType() == dtypes.Int32 && len(dims) == 1 {
		classes, err := tensors.CopyFlatData[int32](y)
		if err != nil {
			return nil, nil, err
		}
		largest := int32(0)
		for i, c := range classes {
			known[i] = c >= 0 && (t.IgnoreLabel == nil || c != *t.IgnoreLabel)
			if known[i] {
				largest = max(largest, c)
			}
		}
		for i, c := range classes {
			row := make([]float64, largest+1)
			if known[i] {
				row[c] = 1
			}
			rows = append(rows, row)
		}
	} else {
		flat, err := tensors.CopyFlatData[float32](y)
		if err != nil {
			return nil, nil, fmt.Errorf("relate: labels of task %q: %w", t.Name, err)
		}
		width := len(flat) / max(1, n)
		for i := range n {
			row := flat[i*width : (i+1)*width]
			known[i] = t.IgnoreLabel == nil || !slices.Contains(row, float32(*t.IgnoreLabel))
			rows = append(rows, float64s(row))
		}
	}
	if mask := split.Masks[t.Name]; mask != nil {
		flat, err := tensors.CopyFlatData[bool](mask)
		if err != nil {
			return nil, nil, err
		}
		for k, v := range flat {
			at := k * n / len(flat)
			known[at] = known[at] && v
		}
	}
	return rows, known, nil
}
