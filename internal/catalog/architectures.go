package catalog

import (
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// Sample is an architecture small enough to try every combination.
type Sample struct {
	Name string
	Arch mtl.Architecture
	// Tasks that it is made for, in order: "click", "buy" and "price".
	Tasks []mtl.Task
}

// Architectures are all of them, for inputs of a few features.
func Architectures() []Sample {
	small := arch.Dense{Widths: []int{4}}
	stages := []arch.Trunk{small, small}
	level := arch.ExpertLevel{Expert: small}
	mixed := []mtl.Task{mtl.Binary("click"), mtl.Binary("buy"), mtl.Regression("price", 1)}
	var chain []mtl.Task
	for _, task := range mixed {
		chain = append(chain, mtl.Binary(task.Name, mtl.WithHead(arch.LogitHead{})))
	}
	return []Sample{
		{"HardSharing", arch.HardSharing{Trunk: small}, mixed},
		{"Branched", arch.Branched{Trunk: small, Own: small}, mixed},
		{"SoftSharing", arch.SoftSharing{Tower: small}, mixed},
		{"SoftSharing, trace norm", arch.SoftSharing{Tower: small, Tie: arch.TraceNorm{}}, mixed},
		{"CrossStitch", arch.CrossStitch{Stages: stages}, mixed},
		{"NDDR", arch.NDDR{Stages: stages}, mixed},
		{"MTAN", arch.MTAN{Stages: []arch.AttentionStage{{First: small, Second: small}}}, mixed},
		{"LTB", arch.LTB{Stages: stages, Steps: 20}, mixed},
		{"MMoE", arch.MMoE{Expert: small, Experts: 3}, mixed},
		{"CGC", arch.CGC{Expert: small}, mixed},
		{"PLE", arch.PLE{Levels: []arch.ExpertLevel{level, level}}, mixed},
		{"DSelectK", arch.DSelectK{Expert: small, Experts: 3}, mixed},
		{"ESMM", arch.ESMM{Arch: arch.Branched{Trunk: small, Own: small}}, chain},
		{"AITM", arch.AITM{Bottom: small, Tower: small}, mixed},
		{"Calibrated", arch.Calibrated{Arch: arch.AITM{Bottom: small, Tower: small}}, chain},
		{"DBMTL", arch.DBMTL{Bottom: small, Tower: small, Relation: small, After: map[string][]string{"buy": {"click"}}}, mixed},
		{"Adapters", arch.Adapters{Trunk: small, Width: 2}, mixed},
		{"LoRA", arch.LoRA{Trunk: small, Rank: 2}, mixed},
	}
}
