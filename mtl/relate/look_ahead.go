package relate

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// Affinity is what LookAhead reports.
const Affinity = "affinity/look_ahead"

// LookAhead is the inter-task affinity of TAG (Fifty et al., "Efficiently Identifying Task Groupings for Multi-Task Learning", NeurIPS 2021, equation 1):
//
//	Z_{i→j} = 1 - L_j(θ_s - η·g_i, θ_j) / L_j(θ_s, θ_j)
//
// by how much a step of the shared parameters for task i alone lowers the loss of task j on the same batch. It reports "affinity/look_ahead" [T, T], row i the task of the step; OverRun is
// its mean over a run. A measurement takes T backward and T forward passes, on Examples of the batch. In the limit of a small η it is η·⟨g_i, g_j⟩/L_j, which is why it favours tasks with
// long gradients, whatever they are for.
type LookAhead struct {
	// Rate is the step size η, the paper's learning rate; 0 means 0.001.
	Rate float64
	// Every is the number of steps between measurements; 0 means 10.
	Every int
	// Examples of the batch that are looked at; 0 means all.
	Examples int
}

// Probe is for FitOptions.Probes.
func (l LookAhead) Probe() mtl.Probe {
	return mtl.Probe{Name: "look-ahead affinity", Every: l.Every, Examples: l.Examples, Measure: func(s *mtl.Step) {
		mtl.Report(s.Graph(), history.Quantity{Name: Affinity, Rows: s.Names, Columns: s.Names}, lookAhead(s, orRate(l.Rate)))
	}}
}

func lookAhead(s *mtl.Step, rate float64) *graph.Node {
	rows := make([]*graph.Node, s.Tasks())
	for i, g := range s.SharedGradients() {
		after := s.Evaluate(0, 1, stepped(s, g, rate)).Losses
		rows[i] = safeDiv(graph.Sub(s.Losses, after), s.Losses)
	}
	return graph.Stack(rows, 0)
}
