package solve

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
)

// A loop in a loop in a loop: Σ over i < 3 of Σ over j < i of Σ over k < j of 1, scalars cached outside, shapes of different rank.
func TestWhileNests(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		count := func(n *graph.Node, total *graph.Node, inner func(i, total *graph.Node) *graph.Node) *graph.Node {
			return While([]*graph.Node{graph.Const(n.Graph(), 0.0), n, total},
				func(s []*graph.Node) *graph.Node { return graph.LessThan(s[0], s[1]) },
				func(s []*graph.Node) []*graph.Node {
					return []*graph.Node{graph.Add(s[0], graph.Const(n.Graph(), 1.0)), s[1], inner(s[0], s[2])}
				})[2]
		}
		e := graph.MustNewExec(b, func(n *graph.Node) *graph.Node {
			n = graph.MulScalar(graph.AddScalar(n, 1), 1)
			total := graph.ZerosLike(graph.Stack([]*graph.Node{n, n}, 0))
			return count(n, total, func(i, total *graph.Node) *graph.Node {
				return count(i, total, func(j, total *graph.Node) *graph.Node {
					return count(j, total, func(k, total *graph.Node) *graph.Node { return graph.Add(total, graph.Const(k.Graph(), 1.0)) })
				})
			})
		})
		for n, want := range []float64{0, 0, 0, 1, 4, 10, 20} { // n choose 3
			if got := tensors.MustCopyFlatData[float64](e.MustCall(float64(n) - 1)[0]); got[0] != want || got[1] != want {
				t.Errorf("%d choose 3: got %v, want %v", n, got, want)
			}
		}
	})
}
