package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// PCD is priority-constrained descent: the direction nearest to the primary task's gradient that gives each secondary task at least a
// fraction τ of the progress that its own gradient would,
//
//	min ½‖d − g̃_1‖²  subject to  g̃_j·d ≥ τ_j·‖g̃_j‖² for j ≠ 1,  g = d·‖g_1‖/‖d‖
//
// with g̃_i = g_i/√(v̂_i + ε) and v̂_i the bias-corrected moving average of ‖g_i‖² with decay β ("Not All Objectives Are Born Equal: Priority-Constrained
// Descent for Hierarchical Multi-Objective Optimization", TMLR 2026). Heads keep their own gradient.
//
// Constraints that contradict each other, such as two opposite secondary gradients, are dropped, all of them: then g = g_1. A primary gradient
// of 0, or a step without a label for the primary task, gives 0. The program is solved exactly, as the least-distance problem of Lawson and
// Hanson (Solving Least Squares Problems, 1974, chapter 23). The moving average of a task that is not active stays.
type PCD struct {
	// Primary is the number of the primary task, from 0.
	Primary int
	// Tau is τ in [0, 1] for every secondary task. 0 means 0.02.
	Tau float64
	// TaskTau is τ in [0, 1] for each task, in place of Tau; the primary task's is ignored.
	TaskTau []float64
	// Beta is β in (0, 1). 0 means 0.999.
	Beta float64
	// Eps is ε. 0 means 1e-8.
	Eps float64
}

// Heads implements mtl.HeadDefault.
func (PCD) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (p PCD) Weights(s *mtl.Step) *graph.Node {
	g, active := gramian(s)
	isPrimary, tau := p.primary(s), p.tau(s)
	norms := graph.Sqrt(diagonal(g))
	inverse := ratio(graph.OnesLike(norms), norms)
	cosines := graph.Mul(g, between(inverse, inverse))
	scaled := graph.Mul(norms, p.scales(s, norms, active)) // ‖g̃_i‖
	pick := func(v *graph.Node) *graph.Node { return graph.ReduceAllSum(graph.Mul(isPrimary, v)) }
	only := func(v *graph.Node) *graph.Node { return graph.Mul(graph.OneMinus(isPrimary), v) } // the secondary tasks'

	// With x = d − g̃_1 and unit vectors e_j: min ‖x‖ subject to e_j·x ≥ missing_j, in units of the largest.
	missing := graph.Sub(graph.Mul(tau, scaled), graph.Mul(times(cosines, isPrimary), pick(scaled)))
	missing = only(graph.Where(above(norms, 0), missing, graph.ZerosLike(missing)))
	size := graph.ReduceAllMax(graph.Abs(missing))
	missing = ratio(missing, size)
	// Its multipliers are y/(1 − missing·y) with y ≥ 0 the nearest combination of the vectors (e_j, missing_j) to (0, 1), which
	// takes the primary task's place in the Gramian. Without a distance left the constraints contradict each other.
	secondary := only(graph.OnesLike(norms))
	mixed := graph.Add(graph.Mul(cosines, between(secondary, secondary)), between(missing, missing))
	mixed = graph.Sub(mixed, graph.Add(between(isPrimary, missing), between(missing, isPrimary)))
	mixed = graph.Add(mixed, between(isPrimary, isPrimary))
	dtype := s.Gramian().DType()
	alive := graph.Where(above(graph.Add(norms, isPrimary), 0), graph.OnesLike(norms), graph.ZerosLike(norms))
	found := solve.DualCone(graph.ConvertDType(mixed, dtype), alive, graph.ConvertDType(row(isPrimary), dtype))
	y := only(graph.Reshape(graph.ConvertDType(found.Weights, dtypes.Float64), s.Tasks()))
	rest := graph.OneMinus(graph.ReduceAllSum(graph.Mul(missing, y)))
	possible := above(rest, max(1e-9, 10*precision(s)))
	y = graph.Where(possible, graph.Mul(graph.Div(y, graph.Where(possible, rest, graph.OnesLike(rest))), size), graph.ZerosLike(y))

	// d in terms of the unit vectors; a length within rounding of 0 is 0.
	d := graph.Add(graph.Mul(isPrimary, scaled), y)
	square := quadratic(cosines, d)
	long := graph.LogicalNot(cancels(s, cosines, d, square))
	stretch := graph.Where(long, graph.Div(pick(norms), graph.Sqrt(graph.Where(long, square, graph.OnesLike(square)))), graph.ZerosLike(square))
	return solved(s, found, graph.Mul(graph.Mul(d, inverse), stretch))
}

// scales returns 1/√(v̂_i + ε) and moves the averages on.
func (p PCD) scales(s *mtl.Step, norms, active *graph.Node) *graph.Node {
	beta := number(s, "pcd/beta", "PCD.Beta", p.Beta, 0.999, 1)
	eps := number(s, "pcd/eps", "PCD.Eps", p.Eps, 1e-8, maximum)
	scope := s.Scope.At("pcd")
	averageVar, stepsVar := stateOf(s, scope, "squared_norm", norms.Shape(), 0), stateOf(s, scope, "steps", norms.Shape(), 0)
	before, steps := averageVar.NodeValue(s.Graph()), graph.Add(stepsVar.NodeValue(s.Graph()), active)
	average := graph.Add(graph.Mul(beta, before), graph.Mul(graph.OneMinus(beta), graph.Square(norms)))
	average = graph.Where(above(active, 0), average, before)
	averageVar.SetNodeValue(average)
	stepsVar.SetNodeValue(steps)
	corrected := ratio(average, graph.OneMinus(graph.Pow(graph.BroadcastToShape(beta, steps.Shape()), steps)))
	return ratio(graph.OnesLike(norms), graph.Sqrt(graph.Add(corrected, eps)))
}

// primary is 1 for the primary task.
func (p PCD) primary(s *mtl.Step) *graph.Node {
	if p.Primary < 0 || p.Primary >= s.Tasks() {
		exceptions.Panicf("mtl: weighting.PCD has the Primary %d for the tasks %q; wanted a task's number, 0 to %d", p.Primary, s.Names, s.Tasks()-1)
	}
	position := graph.Iota(s.Graph(), shapes.Make(dtypes.Int32, s.Tasks()), 0)
	return graph.ConvertDType(graph.Equal(position, graph.Const(s.Graph(), int32(p.Primary))), dtypes.Float64)
}

// tau is τ by task, [T].
func (p PCD) tau(s *mtl.Step) *graph.Node {
	if p.TaskTau == nil {
		return graph.BroadcastToDims(number(s, "pcd/tau", "PCD.Tau", p.Tau, 0.02, 1), s.Tasks())
	}
	if len(p.TaskTau) != s.Tasks() {
		exceptions.Panicf("mtl: weighting.PCD has the TaskTau %v for the tasks %q; wanted a number for each", p.TaskTau, s.Names)
	}
	for _, v := range p.TaskTau {
		setting("PCD.TaskTau", v, 0, 1)
	}
	return graph.ConvertDType(s.Parameters("pcd/task_tau", p.TaskTau), dtypes.Float64)
}
