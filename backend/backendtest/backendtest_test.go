package backendtest

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend"
)

func TestEach(t *testing.T) {
	Each(t, func(t *testing.T, b compute.Backend) {
		t.Log(backend.Describe(b))
		sum := graph.MustExecOnce(b, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(x) }, []float32{1, 2, 3})
		if got := tensors.ToScalar[float32](sum); got != 6 {
			t.Errorf("1 + 2 + 3 on %s: got %v", backend.Describe(b), got)
		}
	})
}
