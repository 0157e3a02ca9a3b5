package landscape_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
	"github.com/gomtl/gomtl/mtl/weighting/landscape"
)

// From the upper left, the sum of the losses is stuck in a valley; the shortest combination of the gradients gets down to the Pareto set.
func Example() {
	b, err := backend.Installed(context.Background())
	if err != nil {
		b, err = backend.Go() // slower
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, method := range []mtl.Weighting{weighting.Equal{}, weighting.MGDA{}} {
		paths, err := landscape.Walk{Method: method, Steps: 25_000}.Run(context.Background(), b, landscape.Starts()[0])
		if err != nil {
			log.Fatal(err)
		}
		end := paths[0][len(paths[0])-1]
		fmt.Printf("%T arrives: %v\n", method, landscape.ParetoDistance(end[0], end[1]) < 0.05)
	}
	// Output:
	// weighting.Equal arrives: false
	// weighting.MGDA arrives: true
}
