package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// Random weighs the task gradients by random numbers, w = softmax(ε) with ε ~ N(0, I) drawn in each step, Σw = 1 (Lin et al., "Reasonable
// Effectiveness of Random Weighting", TMLR 2022, random gradient weighting). It differs from RLW in the heads, which keep their own
// gradient. As nothing depends on the gradients, it costs one backward pass.
type Random struct{}

// Heads implements mtl.HeadDefault.
func (Random) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (Random) Weights(s *mtl.Step) *graph.Node { return RLW{}.Weights(s) }
