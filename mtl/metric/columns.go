package metric

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// byColumn lays a regression label out as [entries, columns]: one column for each value of [batch, values]; one in all for
// [batch] and for dense labels such as [batch, height, width], whose pixels are pooled.
func byColumn(x *graph.Node) *graph.Node {
	if x.Rank() == 2 {
		return x
	}
	return graph.Reshape(x, -1, 1)
}

// errorSums is, column after column, the sum of f(label - prediction) over the labelled entries and their number, [columns·2].
func errorSums(label, mask, prediction *graph.Node, f func(*graph.Node) *graph.Node) *graph.Node {
	label, mask, prediction = byColumn(label), byColumn(mask), byColumn(prediction)
	label, prediction = graph.ConvertDType(label, dtypes.Float64), graph.ConvertDType(prediction, dtypes.Float64)
	return columnSums(mask, f(graph.Sub(label, prediction)), graph.OnesLike(label))
}

// columnSums is, column after column, the sum of each of the terms [entries, columns] over the labelled entries,
// [columns·terms].
func columnSums(mask *graph.Node, terms ...*graph.Node) *graph.Node {
	sums := make([]*graph.Node, len(terms))
	for i, term := range terms {
		sums[i] = graph.ReduceSum(visible(term, mask), 0)
	}
	return graph.Reshape(graph.Stack(sums, -1), -1)
}

// columnMean is the mean over the columns of the figure that value makes of a column's sums, of which there are size, without the
// columns that have too few labels, which value says; NaN when none is left. scikit-learn calls it multioutput="uniform_average".
func columnMean(sums []float64, size int, value func(sums []float64) (v float64, enough bool)) float64 {
	var all, columns float64
	for ; len(sums) >= size; sums = sums[size:] {
		if v, enough := value(sums[:size]); enough {
			all += v
			columns++
		}
	}
	return mean([]float64{all, columns})
}

// columnOf is the mean of one column's sum and count.
func columnOf(sums []float64) (v float64, enough bool) { return mean(sums), sums[1] > 0 }
