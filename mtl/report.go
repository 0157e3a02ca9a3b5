package mtl

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl/history"
)

// Report names a value of the training step being built that the history gets, as its mean over each record's steps: the gates of an
// architecture, or what a Probe measures. value is shaped [rows, columns], [rows] or, for a number, as a scalar. Outside of Fit it does nothing.
func Report(g *graph.Graph, q history.Quantity, value *graph.Node) {
	kept, found := model.GetGraphParam(g, reportsKey)
	if !found || kept.(*reports).muted {
		return
	}
	r := kept.(*reports)
	var want []int
	for _, names := range [][]string{q.Rows, q.Columns} {
		if len(names) > 0 {
			want = append(want, len(names))
		}
	}
	if !slices.Equal(value.Shape().Dimensions, want) {
		panicf("the value of quantity %q is shaped %s; wanted %v, for rows %q and columns %q", q.Name, value.Shape(), want, q.Rows, q.Columns)
	}
	if slices.ContainsFunc(r.quantities, func(other history.Quantity) bool { return other.Name == q.Name }) {
		panicf("two quantities are named %q: names must be unique in a run", q.Name)
	}
	r.quantities = append(r.quantities, q)
	r.values = append(r.values, graph.ConvertDType(graph.Reshape(graph.StopGradient(value), q.Size()), dtypes.Float32))
}

const reportsKey = "/mtl_reports"

// reports are the quantities of a graph, in the order of their values.
type reports struct {
	quantities []history.Quantity
	values     []*graph.Node // [size]
	muted      bool          // a pass besides the one that trains
}

// collectReports makes Report keep what it gets from now on.
func collectReports(g *graph.Graph) *reports {
	r := &reports{}
	model.SetGraphParam(g, reportsKey, r)
	return r
}

// mute runs fn, which builds one more pass of the model, without its reports.
func mute(g *graph.Graph, fn func()) {
	if kept, found := model.GetGraphParam(g, reportsKey); found {
		r := kept.(*reports)
		before := r.muted
		r.muted = true
		defer func() { r.muted = before }()
	}
	fn()
}

// width is how many numbers the quantities have.
func width(quantities []history.Quantity) (sum int) {
	for _, q := range quantities {
		sum += q.Size()
	}
	return sum
}

// valuesOf takes numbers apart by quantity.
func valuesOf(quantities []history.Quantity, numbers []float64) map[string][]float64 {
	if len(quantities) == 0 {
		return nil
	}
	values := map[string][]float64{}
	for _, q := range quantities {
		values[q.Name], numbers = numbers[:q.Size():q.Size()], numbers[q.Size():]
	}
	return values
}
