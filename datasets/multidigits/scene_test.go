package multidigits

import (
	"slices"
	"testing"

	"github.com/gomtl/gomtl/datasets/digits"
)

// A scene small enough to check by hand: a left digit with ink 10, 4 and 16 in its last three pixels of the diagonal, a right
// one with 7, 5 and 3 in its first three, both on a canvas of 9 with the right one moved by (1, 1): its pixel (k, k) lies on
// the left one's (k+1, k+1).
func TestComposeByHand(t *testing.T) {
	var left, right digits.Image
	at := func(k int) int { return k*digits.Side + k }
	left.Pixels[at(1)], left.Pixels[at(2)], left.Pixels[at(3)] = 10, 4, 16
	right.Pixels[at(0)], right.Pixels[at(1)], right.Pixels[at(2)], right.Pixels[at(7)] = 7, 5, 3, 16
	canvas, owner := make([]uint8, 81), make([]int32, 81)
	compose(canvas, owner, 9, &left, 0, 0, OwnerLeft)
	compose(canvas, owner, 9, &right, 1, 1, OwnerRight)
	wantCanvas, wantOwner := make([]uint8, 81), make([]int32, 81)
	for k, want := range map[int]struct {
		ink   uint8
		owner int32
	}{1: {10, OwnerBoth}, 2: {5, OwnerRight}, 3: {16, OwnerLeft}, 8: {16, OwnerRight}} {
		wantCanvas[k*9+k], wantOwner[k*9+k] = want.ink, want.owner
	}
	if !slices.Equal(canvas, wantCanvas) || !slices.Equal(owner, wantOwner) {
		t.Errorf("got\n%v\n%v\nwant\n%v\n%v", canvas, owner, wantCanvas, wantOwner)
	}
}
