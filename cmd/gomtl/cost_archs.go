package main

import (
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// architectures are made of the three convolutions of smallPictures, of 16, 32 and 32 channels, that share more or less.
var architectures = func() map[string]mtl.Architecture {
	first, second, third := arch.Stage{Channels: 16}, arch.Stage{Channels: 32, Stride: 2}, arch.Stage{Channels: 32}
	conv := func(stages ...arch.Stage) arch.Trunk { return arch.Conv{Stages: stages} }
	return map[string]mtl.Architecture{
		"HardSharing": arch.HardSharing{Trunk: conv(first, second, third)},
		"CrossStitch": arch.CrossStitch{Stages: []arch.Trunk{conv(first), conv(second), conv(third)}},
		"MMoE":        arch.MMoE{Bottom: conv(first, second), Expert: conv(third), Experts: 4},
		"PLE":         arch.PLE{Bottom: conv(first), Levels: []arch.ExpertLevel{{Expert: conv(second)}, {Expert: conv(third)}}},
	}
}()
