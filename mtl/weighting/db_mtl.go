package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// DBMTL balances losses and gradients: it takes the gradients of the losses' logarithms, averages each over the steps, and scales all to the
// largest norm. In step k
//
//	h_t = g_t/(L_t + 1e-8),  ĝ_t ← β_k·ĝ_t + (1 − β_k)·h_t,  g = max_i‖ĝ_i‖ · Σ_t ĝ_t/(‖ĝ_t‖ + 1e-8),  β_k = β/k^σ
//
// (Lin et al., "Dual-Balancing for Multi-Task Learning", arXiv 2308.12029, equations 1 to 4 and algorithm 1). ĝ is 0 at first, without a correction of its
// bias, and a matrix as large as the Jacobian, [T, d]. Each head gets the gradient of its own log L_t. A loss below 0, which has no logarithm,
// counts as 0. The ĝ of a task that is not active stays and is left out of the sum.
//
// The returned weights are what g would be made of without the average, max‖ĝ‖/((‖ĝ_t‖ + 1e-8)·(L_t + 1e-8)).
type DBMTL struct {
	// Beta is β. 0 means the paper's 0.9 (NYUv2 in LibMTL); for no average, set the hyper-parameter "db_mtl/beta" to 0.
	Beta float64
	// Decay is σ. The default is 0: β_k = β.
	Decay float64
}

// Heads implements mtl.HeadDefault.
func (DBMTL) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (m DBMTL) Weights(s *mtl.Step) *graph.Node {
	remembers(s, "DBMTL")
	scope := s.Scope.At("db_mtl")
	beta := number(s, "db_mtl/beta", "DBMTL.Beta", m.Beta, 0.9, maximum)
	decay := number(s, "db_mtl/decay", "DBMTL.Decay", m.Decay, 0, maximum)
	beta = graph.Div(beta, graph.Pow(countStep(s, scope), decay))
	rows := s.SharedGradients()
	active := isActive(s)

	slope := graph.Reciprocal(graph.AddScalar(graph.MaxScalar(wide(only(active, s.Losses)), 0), 1e-8))
	s.ScaleHeads(graph.ConvertDType(slope, s.Losses.DType()))
	matrix := scaleRows(matrixOf(rows), slope)
	averageVar := stateOf(s, scope, "average", matrix.Shape(), 0)
	old := averageVar.NodeValue(s.Graph())
	average := graph.Add(matrix, graph.Mul(graph.Sub(old, matrix), graph.ConvertDType(beta, matrix.DType())))
	average = graph.Where(active, average, old)
	averageVar.SetNodeValue(average)

	norms := safeNorms(average)
	balance := graph.Div(graph.ReduceAllMax(only(active, norms)), graph.AddScalar(norms, 1e-8))
	balance = only(active, balance)
	s.SetDirection(partsOf(combine(balance, average), rows[0]))
	return graph.Mul(balance, slope)
}

// safeNorms are the norms of the rows of [T, d], float64, without overflow: 1/(L + 1e-8) makes gradients of any size.
func safeNorms(matrix *graph.Node) *graph.Node {
	top := graph.ReduceMax(graph.Abs(matrix), 1)
	top = graph.Where(graph.GreaterThan(top, graph.ZerosLike(top)), top, graph.OnesLike(top))
	unit := graph.Div(matrix, graph.InsertAxes(top, 1))
	return graph.Mul(wide(top), graph.Sqrt(wide(graph.ReduceSum(graph.Square(unit), 1))))
}
