package scenes

import "math"

// The classes of the shapes; the task "seg" has them from 1 on.
const (
	Disc = iota
	Square
	Triangle
	Cross
)

// Classes names the shapes in the order of their classes.
func Classes() []string { return []string{"disc", "square", "triangle", "cross"} }

// inside tells whether the point (u, v) from the centre, v downwards, lies on the shape of radius r. The areas are about 2.84, 2.82, 1.75
// and 2.46 r².
func inside(class int, r, u, v float64) bool {
	u = math.Abs(u)
	switch class {
	case Disc:
		return u*u+v*v <= 0.95*r*0.95*r
	case Square:
		return max(u, math.Abs(v)) <= 0.84*r
	case Triangle:
		return v >= -r && v <= 0.75*r && u <= (v+r)/1.75
	default: // Cross.
		v = math.Abs(v)
		return u <= 0.38*r && v <= r || v <= 0.38*r && u <= r
	}
}
