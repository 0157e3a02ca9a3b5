package solve

import (
	"fmt"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/backend/backendtest"
)

// Times of one call on XLA with random gradients, and of the compilation, with
//
//	taskset -c 0 go test ./mtl/internal/solve -run xxx -bench .
func BenchmarkSolvers(b *testing.B) {
	others := map[string]func(g *graph.Node) Result{
		"Nothing": func(g *graph.Node) Result { return Result{g, g, g, g} },
		"Eigen":   func(g *graph.Node) Result { w, v := Eigen(g); return Result{w, v, w, w} },
		"Solve":   func(g *graph.Node) Result { x := Solve(g, diagonal(g)); return Result{x, x, x, x} },
	}
	for name, build := range solvers {
		others[name] = func(g *graph.Node) Result { return build(g, nil) }
	}
	for _, name := range []string{"Nothing", "MinNorm", "CAGrad", "DualCone", "Nash", "FairGrad", "Eigen", "Solve"} {
		for _, n := range []int{8, 40} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				e := graph.MustNewExec(backendtest.XLA(b), func(g *graph.Node) *graph.Node { return others[name](g).Weights })
				g := gramOf(families(n, 1)[0].rows)
				start := time.Now()
				e.MustCall(g)
				compiled := time.Since(start)
				for b.Loop() {
					e.MustCall(g)
				}
				b.ReportMetric(compiled.Seconds(), "s/compile")
			})
		}
	}
}
