package arch

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
)

// BenchmarkExperts times eight experts, forward and backward, against dense layers of the same input and total width, which do as many multiplications. The two
// take turns, and the metrics are medians. On one core: taskset -c 0 go test -run none -bench Experts -benchtime 200x ./mtl/arch
func BenchmarkExperts(b *testing.B) {
	const count = 8
	backend := backendtest.XLA(b)
	// prepare returns a step: the gradients of Σ h² on the variables and the input.
	prepare := func(b *testing.B, batch, in int, build func(scope *model.Scope, x *graph.Node) []*graph.Node) func() time.Duration {
		store := model.NewStore()
		exec, err := model.NewExec(backend, store, func(scope *model.Scope, x *graph.Node) []*graph.Node {
			var loss *graph.Node
			for _, h := range build(scope, x) {
				term := graph.ReduceAllSum(graph.Square(h))
				if loss != nil {
					term = graph.Add(loss, term)
				}
				loss = term
			}
			on := []*graph.Node{x}
			for v := range store.IterVariables() {
				if v.Trainable && v.InUseByGraph(x.Graph()) {
					on = append(on, v.NodeValue(x.Graph()))
				}
			}
			return graph.Gradient(loss, on...)
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(exec.Finalize)
		flat := make([]float32, batch*in)
		for i := range flat {
			flat[i] = float32(math.Sin(1.3 * float64(i)))
		}
		x := tensors.FromFlatDataAndDimensions(flat, batch, in)
		return func() time.Duration {
			start := time.Now()
			outputs, err := exec.Call(x)
			if err != nil {
				b.Fatal(err)
			}
			took := time.Since(start)
			for _, o := range outputs {
				o.MustFinalizeAll()
			}
			return took
		}
	}
	shared := func(scope *model.Scope) *model.Scope { return scope.At(mtl.SharedScope) }
	for _, c := range []struct {
		batch, in int
		widths    []int
	}{{256, 128, []int{64}}, {1024, 256, []int{128}}, {256, 100, []int{16}}, {256, 64, []int{64, 64}}, {512, 256, []int{128, 128}}} {
		expert := Dense{Widths: c.widths}
		dense := func(scope *model.Scope, x *graph.Node) (outputs []*graph.Node) {
			for i, width := range c.widths {
				h := Dense{Widths: []int{count * width}}.Represent(shared(scope).At("dense_%d", i), []*graph.Node{x})
				outputs = append(outputs, h)
				if i+1 < len(c.widths) {
					x = graph.SliceAxis(h, -1, graph.AxisRange(0, width))
				}
			}
			return outputs[len(outputs)-1:]
		}
		for _, against := range []struct {
			name  string
			build func(scope *model.Scope, x *graph.Node) []*graph.Node
		}{
			{"experts", func(scope *model.Scope, x *graph.Node) []*graph.Node {
				return []*graph.Node{experts(shared(scope), expert, count, []*graph.Node{x})}
			}},
			{"MMoE, 2 tasks", func(scope *model.Scope, x *graph.Node) []*graph.Node {
				return MMoE{Expert: expert, Experts: count}.Features(scope, []*graph.Node{x}, []mtl.Task{mtl.Binary("one"), mtl.Binary("two")})
			}},
		} {
			b.Run(fmt.Sprintf("%s/batch %d, in %d, widths %v", against.name, c.batch, c.in, c.widths), func(b *testing.B) {
				first, second := prepare(b, c.batch, c.in, dense), prepare(b, c.batch, c.in, against.build)
				for range 5 {
					first()
					second()
				}
				var times [2][]time.Duration
				for b.Loop() {
					times[0], times[1] = append(times[0], first()), append(times[1], second())
				}
				for i := range times {
					slices.Sort(times[i])
				}
				at := func(i int) float64 { return float64(times[i][len(times[i])/2].Nanoseconds()) / 1e6 }
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(at(0), "dense-ms")
				b.ReportMetric(at(1), "ms")
				b.ReportMetric(at(1)/at(0), "ratio")
				b.ReportMetric(float64(times[1][0])/float64(times[0][0]), "ratio-of-minima")
			})
		}
	}
}
