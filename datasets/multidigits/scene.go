package multidigits

import (
	"math/rand/v2"

	"github.com/gomtl/gomtl/datasets/digits"
)

// A scene is two digits on one canvas: which images of the part they are, and the row and column of their top left pixels.
type scene struct {
	left, right           int
	leftRow, leftColumn   int
	rightRow, rightColumn int
}

// draw takes a scene's random numbers from its stream, in this order: the left image, the right image (again until
// its class differs from the left one's), the left digit's move down and right, the right digit's move up and left.
func (c Config) draw(random *rand.Rand, images []digits.Image) scene {
	var s scene
	s.left = random.IntN(len(images))
	s.right = random.IntN(len(images))
	for images[s.right].Class == images[s.left].Class {
		s.right = random.IntN(len(images))
	}
	corner := c.Canvas - digits.Side
	s.leftRow = random.IntN(c.Jitter + 1)
	s.leftColumn = random.IntN(c.Jitter + 1)
	s.rightRow = corner - random.IntN(c.Jitter+1)
	s.rightColumn = corner - random.IntN(c.Jitter+1)
	return s
}

// compose puts one digit on a canvas (row by row, side×side) that may hold another: the larger ink stands, and where the
// digit's ink is above the threshold its bit is set in the owner of the pixel.
func compose(canvas []uint8, owner []int32, side int, image *digits.Image, row, column int, bit int32) {
	for i, ink := range image.Pixels {
		at := (row+i/digits.Side)*side + column + i%digits.Side
		canvas[at] = max(canvas[at], ink)
		if ink > ownerThreshold {
			owner[at] |= bit
		}
	}
}
