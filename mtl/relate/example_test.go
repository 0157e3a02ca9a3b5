package relate_test

import (
	"fmt"
	"log"

	"github.com/gomtl/gomtl/datasets/relatedtasks"
	"github.com/gomtl/gomtl/mtl/relate"
)

// The labels of four tasks that have the same features: from hardly correlated to much so.
func Example() {
	c := relatedtasks.Config{Seed: 3, Tasks: 4, Overlap: 1}
	m, err := relatedtasks.Model(c)
	if err != nil {
		log.Fatal(err)
	}
	split, err := relatedtasks.Common(c, 2000)
	if err != nil {
		log.Fatal(err)
	}
	labels, err := relate.LabelCorrelation(split, m.Tasks)
	if err != nil {
		log.Fatal(err)
	}
	for _, row := range labels.Values {
		fmt.Printf("%.1f\n", row)
	}
	// Output:
	// [1.0 0.4 0.6 0.7]
	// [0.4 1.0 0.1 0.6]
	// [0.6 0.1 1.0 0.8]
	// [0.7 0.6 0.8 1.0]
}
