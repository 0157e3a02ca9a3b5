package catalog

import (
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// Sample is an architecture small enough to try every combination.
type Sample struct {
	Name string
	Arch mtl.Architecture
}

// Architectures are all of them, for inputs of a few features.
func Architectures() []Sample {
	small := arch.Dense{Widths: []int{4}}
	return []Sample{
		{"HardSharing", arch.HardSharing{Trunk: small}},
	}
}
