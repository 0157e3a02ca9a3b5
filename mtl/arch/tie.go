package arch

import "github.com/gomlx/gomlx/core/graph"

// Tie measures how far the weights of several towers are apart: SquaredDistance, TraceNorm, or one's own.
type Tie interface {
	// Penalty returns a scalar. Each of weights is a variable's values in the T towers, flattened: [T, size].
	Penalty(weights []*graph.Node) *graph.Node
}

// SquaredDistance is Σ_{i<j} ‖w_i - w_j‖² over all pairs of towers, for two towers the term of Duong et al. (2015). It draws all towers to one point.
type SquaredDistance struct{}

// Penalty implements Tie, as T·Σ_i ‖w_i - mean(w)‖², which is the same.
func (SquaredDistance) Penalty(weights []*graph.Node) *graph.Node {
	var sum *graph.Node
	for _, w := range weights {
		term := graph.MulScalar(graph.ReduceAllSum(graph.Square(centred(w))), float64(w.Shape().Dim(0)))
		if sum != nil {
			term = graph.Add(sum, term)
		}
		sum = term
	}
	return sum
}
