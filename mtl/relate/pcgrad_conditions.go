package relate

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// Names of what PCGradConditions reports.
const (
	Dominance = "pcgrad/dominance"
	Bound     = "pcgrad/bound"
	Curvature = "pcgrad/curvature"
	Holds     = "pcgrad/holds"
)

// PCGradConditions watches the three conditions under which a step of PCGrad lowers the sum of two losses more than a plain step of size t along g = g_i + g_j (Yu et al., "Gradient
// Surgery for Multi-Task Learning", NeurIPS 2020, theorem 2):
//
//	(a) cos(g_i, g_j) ≤ -Φ    (b) ℓ ≥ ξ·L    (c) t ≥ 2/(ℓ - ξ·L)
//
// with Φ the magnitude similarity, ξ = (1-cos²)·‖g_i-g_j‖²/‖g_i+g_j‖², ℓ a lower bound of the curvature along g and L one of the Hessian. It reports
//
//   - "pcgrad/dominance" [T, T], cos + Φ: (a) holds where it is 0 or below;
//   - "pcgrad/bound" [T, T], ξ;
//   - "pcgrad/curvature" [T], 2·(L_i(θ-t·g) - L_i(θ) + t·⟨g_i, g⟩) / (t·‖g‖)² with g the sum over all tasks, by one more forward pass: its sum is the curvature of the whole objective;
//   - "pcgrad/holds" [3], the shares of pairs for which (a), (b) and (c) hold, with the curvature of the whole objective in place of ℓ and of L, which are not known.
type PCGradConditions struct {
	// Rate is the step size t; 0 means 0.001.
	Rate float64
	// Every is the number of steps between measurements; 0 means 10.
	Every int
	// Examples of the batch that are looked at; 0 means all.
	Examples int
}

// Probe is for FitOptions.Probes.
func (c PCGradConditions) Probe() mtl.Probe {
	rate := orRate(c.Rate)
	return mtl.Probe{Name: "PCGrad's conditions", Every: c.Every, Examples: c.Examples, Measure: func(s *mtl.Step) {
		pairs := func(name string, value *graph.Node) {
			mtl.Report(s.Graph(), history.Quantity{Name: name, Rows: s.Names, Columns: s.Names}, value)
		}
		g := s.Gramian()
		cosine := cosines(g)
		dominance := graph.Add(cosine, magnitudes(g))
		bound := bounds(g, cosine)
		pairs(Dominance, dominance)
		pairs(Bound, bound)

		// ‖g‖² and ⟨g_i, g⟩ are sums of the Gramian.
		along := graph.ReduceSum(g, 1)
		square := graph.ReduceAllSum(g)
		total := s.Combine(graph.OnesLike(s.Losses))
		after := s.Evaluate(0, 1, stepped(s, total, rate)).Losses
		bend := graph.Add(graph.Sub(after, s.Losses), graph.MulScalar(graph.ConvertDType(along, after.DType()), rate))
		scale := graph.BroadcastToShape(graph.MulScalar(graph.ConvertDType(square, after.DType()), rate*rate/2), bend.Shape())
		curvature := safeDiv(bend, scale)
		mtl.Report(s.Graph(), history.Quantity{Name: Curvature, Rows: s.Names}, curvature)

		whole := graph.ConvertDType(graph.ReduceAllSum(curvature), cosine.DType())
		margin := graph.Sub(graph.OnesLike(bound), bound)
		a := graph.LessOrEqual(dominance, graph.ZerosLike(dominance))
		b := graph.LogicalAnd(graph.GreaterOrEqual(margin, graph.ZerosLike(margin)), graph.BroadcastToShape(graph.GreaterThan(whole, graph.ZerosLike(whole)), a.Shape()))
		gain := graph.Mul(margin, graph.MulScalar(whole, rate))
		c3 := graph.LogicalAnd(b, graph.GreaterOrEqual(gain, graph.MulScalar(graph.OnesLike(gain), 2)))
		mtl.Report(s.Graph(), history.Quantity{Name: Holds, Rows: []string{"(a) conflict", "(b) curvature", "(c) step size"}},
			graph.Stack([]*graph.Node{pairShare(a, cosine), pairShare(b, cosine), pairShare(c3, cosine)}, 0))
	}}
}

// bounds are ξ of all pairs, 0 on the diagonal.
func bounds(gramian, cosine *graph.Node) *graph.Node {
	squares := diagonal(gramian)
	lengths := graph.Add(graph.InsertAxes(squares, 0), graph.InsertAxes(squares, 1))
	twice := graph.MulScalar(gramian, 2)
	return graph.Mul(graph.Sub(graph.OnesLike(cosine), graph.Square(cosine)), safeDiv(graph.Sub(lengths, twice), graph.Add(lengths, twice)))
}

// pairShare is the share of the pairs of different tasks for which a condition holds; like gives the type.
func pairShare(holds, like *graph.Node) *graph.Node {
	count := holds.Shape().Dim(0)
	different := graph.LogicalNot(graph.Diagonal(holds.Graph(), count))
	sum := graph.ReduceAllSum(graph.ConvertDType(graph.LogicalAnd(holds, different), like.DType()))
	return graph.DivScalar(sum, float64(max(1, count*(count-1))))
}

// stepped are the shared variables after a step against a direction.
func stepped(s *mtl.Step, direction []*graph.Node, rate float64) map[*model.Variable]*graph.Node {
	values := map[*model.Variable]*graph.Node{}
	for k, v := range s.SharedVariables() {
		values[v] = graph.Sub(v.NodeValue(s.Graph()), graph.MulScalar(direction[k], rate))
	}
	return values
}

func orRate(rate float64) float64 {
	if rate == 0 {
		return 1e-3
	}
	return rate
}
