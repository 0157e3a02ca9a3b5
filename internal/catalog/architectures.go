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
	level := arch.ExpertLevel{Expert: small}
	return []Sample{
		{"HardSharing", arch.HardSharing{Trunk: small}},
		{"Branched", arch.Branched{Trunk: small, Own: small}},
		{"Adapters", arch.Adapters{Trunk: small, Width: 2}},
		{"LoRA", arch.LoRA{Trunk: small, Rank: 2}},
		{"MMoE", arch.MMoE{Expert: small, Experts: 3}},
		{"CGC", arch.CGC{Expert: small}},
		{"PLE", arch.PLE{Levels: []arch.ExpertLevel{level, level}}},
		{"DSelectK", arch.DSelectK{Expert: small, Experts: 3}},
	}
}
