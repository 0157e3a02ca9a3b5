package multimnist

// side is the height and width of the images and of the scenes, shift how far the right image lies down and right of the
// left one, canvas the size they are merged on.
const (
	side   = 28
	shift  = 6
	canvas = 36
)

// Compose merges two images of 28×28 pixels, row by row, into a scene of the same size: on a canvas of 36×36 the left
// one fills rows and columns 0..27, the right one 6..33; where they overlap the larger value stands; rows and columns 34
// and 35 stay 0. The canvas is resized to 28×28 by the nearest pixel: row (and column) i shows ⌊(i+½)·36/28⌋ = 0, 1, 3, 4, 5, 7, ...
// Slices of another length panic.
func Compose(left, right []uint8) []uint8 {
	if len(left) != side*side || len(right) != side*side {
		panic("multimnist: Compose wants two images of 28×28 pixels")
	}
	scene := make([]uint8, side*side)
	for i := range scene {
		row, column := nearest(i/side), nearest(i%side)
		scene[i] = max(at(left, row, column), at(right, row-shift, column-shift))
	}
	return scene
}

// nearest is ⌊(i+½)·36/28⌋ in whole numbers.
func nearest(i int) int { return (2*i + 1) * canvas / (2 * side) }

// at is the pixel of an image, 0 outside.
func at(image []uint8, row, column int) uint8 {
	if row < 0 || row >= side || column < 0 || column >= side {
		return 0
	}
	return image[row*side+column]
}
