package metric

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// confusion is the float64 [classes·classes] count of labelled entries by label (row) and by largest logit (column). A logit of a labelled entry that is
// not a number makes it NaN.
func confusion(label, mask, prediction *graph.Node) *graph.Node {
	classes := prediction.Shape().Dim(-1)
	seen := graph.OneHot(graph.Where(mask, label, graph.ZerosLike(label)), classes, dtypes.Float64)
	seen = graph.Where(mask, seen, graph.ZerosLike(seen))
	said := graph.OneHot(graph.ArgMax(prediction, -1), classes, dtypes.Float64)
	unknown := graph.LogicalAnd(mask, anyNaN(prediction))
	said = graph.Where(unknown, graph.BroadcastToShape(graph.Scalar(label.Graph(), dtypes.Float64, math.NaN()), said.Shape()), said)
	seen, said = graph.Reshape(seen, -1, classes), graph.Reshape(said, -1, classes)
	return graph.Reshape(graph.Einsum("nt,np->tp", seen, said), classes*classes)
}

// Confusion turns the sums of [MeanIoU] or [MacroF1] into the confusion matrix [classes][classes]: how many labelled entries of
// the class of the row were predicted as the class of the column. scikit-learn: confusion_matrix.
func Confusion(sums []float64) ([][]float64, error) {
	classes := int(math.Sqrt(float64(len(sums))))
	if classes*classes != len(sums) || classes == 0 {
		return nil, fmt.Errorf("mtl: a confusion matrix wants classes×classes sums, got %d", len(sums))
	}
	matrix := make([][]float64, classes)
	for i := range matrix {
		matrix[i] = sums[i*classes : (i+1)*classes : (i+1)*classes]
	}
	return matrix, nil
}

// margins of a confusion matrix are, for each class, the entries on the diagonal and all of its row and of its column.
func margins(sums []float64, classes int) (hit, row, column []float64) {
	hit, row, column = make([]float64, classes), make([]float64, classes), make([]float64, classes)
	for i, n := range sums {
		truth, said := i/classes, i%classes
		row[truth] += n
		column[said] += n
		if truth == said {
			hit[truth] += n
		}
	}
	return hit, row, column
}
