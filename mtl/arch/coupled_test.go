package arch_test

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

func layerOf(width int) arch.Dense { return arch.Dense{Widths: []int{width}} }

func mapsOf(channels, stride int) arch.Conv {
	return arch.Conv{Stages: []arch.Stage{{Channels: channels, Stride: stride}}}
}

// testdata/coupled.py computes the same from the same weights with PyTorch, from the papers' formulas, one task at a time.
func TestCoupledLikePyTorch(t *testing.T) {
	vectors := []arch.Trunk{layerOf(5), layerOf(3)}
	maps := []arch.Trunk{mapsOf(3, 1), mapsOf(2, 2)}
	aitm := arch.AITM{Tower: layerOf(3)}
	likePyTorch(t, "testdata/coupled.json", []string{"a", "b", "c"}, map[string]mtl.Architecture{
		"SoftSharing, squared distance":        arch.SoftSharing{Tower: layerOf(3), Amount: 0.5},
		"SoftSharing, trace norm":              arch.SoftSharing{Tower: layerOf(3), Amount: 0.5, Tie: arch.TraceNorm{}},
		"CrossStitch":                          arch.CrossStitch{Stages: vectors},
		"CrossStitch per channel, on pictures": arch.CrossStitch{Stages: maps, PerChannel: true},
		"NDDR":                                 arch.NDDR{Stages: vectors, Activation: graph.Tanh},
		"NDDR on pictures":                     arch.NDDR{Stages: maps},
		"MTAN":                                 arch.MTAN{Stages: []arch.AttentionStage{{First: layerOf(4), Second: layerOf(3)}, {First: layerOf(3)}}},
		"MTAN on pictures":                     arch.MTAN{Stages: []arch.AttentionStage{{First: mapsOf(4, 1), Second: mapsOf(3, 1)}, {First: mapsOf(3, 2), Second: mapsOf(2, 1)}}},
		"LTB, warming up":                      arch.LTB{Stages: vectors, Branches: 2, Steps: 1000},
		"ESMM":                                 arch.ESMM{Arch: arch.Branched{Trunk: layerOf(5), Own: layerOf(3)}},
		"AITM":                                 aitm,
		"Calibrated AITM":                      arch.Calibrated{Arch: aitm},
		"DBMTL":                                arch.DBMTL{Bottom: layerOf(5), Tower: layerOf(3), Relation: layerOf(4)},
		"DBMTL, given order":                   arch.DBMTL{Bottom: layerOf(5), Tower: layerOf(3), Relation: layerOf(4), After: map[string][]string{"a": {"c"}, "b": {"a"}}},
	}, "SoftSharing, trace norm", "CrossStitch per channel, on pictures", "MTAN on pictures", "LTB, warming up")
}
