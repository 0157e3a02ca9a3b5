package mtl

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// NearestPixelHead has the fields of PixelHead, but repeats each pixel's Outputs values Upsample times in both directions (nearest-neighbour
// interpolation) in place of depth-to-space: Upsample² times fewer weights in the last layer, and blocks of one value.
type NearestPixelHead PixelHead

// Predict implements Head.
func (h NearestPixelHead) Predict(scope *model.Scope, features *graph.Node) *graph.Node {
	x := PixelHead(h).logits(scope, features, 1)
	up, d := max(1, h.Upsample), x.Shape().Dimensions
	if up > 1 {
		x = graph.BroadcastToDims(graph.Reshape(x, d[0], d[1], 1, d[2], 1, d[3]), d[0], d[1], up, d[2], up, d[3])
		x = graph.Reshape(x, d[0], d[1]*up, d[2]*up, d[3])
	}
	return PixelHead(h).scalar(x)
}
