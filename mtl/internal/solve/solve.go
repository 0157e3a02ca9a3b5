// Package solve has small dense linear algebra and the convex problems of gradient methods on T×T Gramians, as graph functions. They
// count in float64 whatever the dtype of the Gramian is, run on the device in loops, in the body of another loop too, and pass no gradient.
package solve

import "github.com/gomlx/gomlx/core/graph"

// Result is what a solver found.
type Result struct {
	// Weights are the solver's weights, [T] (DualCone: [R, T]), in the Gramian's dtype; 0 for tasks that are not active.
	Weights *graph.Node
	// Norm is √(wᵀGw), the norm of the combination of the gradients with Weights, a scalar (DualCone: [R]), in the Gramian's dtype.
	Norm *graph.Node
	// Iterations that the solver took, Int32 scalar.
	Iterations *graph.Node
	// Residual is the largest violation of the problem's optimality conditions, relative to the problem's scale: a scalar, float64.
	Residual *graph.Node
}
