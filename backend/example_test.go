package backend_test

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/backend"
)

// A run starts with backend.New(ctx), which may install the XLA plugin; this example asks for the backend that is always there.
func Example() {
	b, err := backend.Go()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Finalize()
	sum, err := graph.CallOnce(b, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(x) }, []float32{1, 2, 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sum.Value(), "on", backend.Inspect(b).Devices, "device")
	// Output: 6 on 1 device
}
