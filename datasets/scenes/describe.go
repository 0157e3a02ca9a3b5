package scenes

import (
	"fmt"
	"math"
	"strings"
)

// Describe is the exact recipe of the scenes and what is known of how their tasks are related, for people. A Config that cannot be is
// described as it stands.
func (c Config) Describe() string {
	if filled, err := c.withDefaults(); err == nil {
		c = filled
	}
	var b strings.Builder
	fmt.Fprintf(&b, `Generated pictures of %[1]d×%[1]d pixels in 0..1; seed %[2]d. U is a uniform and N a normal number.

Background: b + 0.06·sin(1.2·(x·cosθ + y·sinθ) + φ), b ~ U(0.15, 0.5) for each of red, green and blue, θ = 45°·k, k ~ U{0..3}, φ ~ U(0, 2π), at
the centres of the pixels, p = (x+½, y+½). Before it %[3]d bars: centre U(0, %[1]d)², angle U(0, π), length U(3, 9), half width U(0.6, 1.4), colour U(0.2, 1)³.
Objects: 1..%[4]d, each number as likely, nearer ones before farther ones. Depth z ~ U(%[5]g, %[6]g), radius R = 10/z, centre U(R, %[1]d−R)². With (u, v) = p − centre,
v downwards, the classes, each as likely, are
  disc      u² + v² ≤ (0.95·R)²
  square    max(|u|, |v|) ≤ 0.84·R
  triangle  −R ≤ v ≤ 0.75·R and |u| ≤ (v+R)/1.75
  cross     |u| ≤ 0.38·R and |v| ≤ R, or |v| ≤ 0.38·R and |u| ≤ R
of areas 2.84, 2.82, 1.75 and 2.46 R². Colour: that of the class with probability κ = %[7]g, else any of the four (red, green, blue, yellow); plus N(0, 0.08²), times exp(−0.6·(z−1)).
Then noise N(0, %[8]g²) on each pixel and channel, and clipping to 0..1.

`, c.Size, c.Seed, c.Clutter, c.Objects, c.Near, c.Far, c.ColorClass, c.Noise)
	if c.Objects == 1 {
		fmt.Fprint(&b, `What is known: "cls", "box" and "count" are functions of "seg", and "seg" is one of "cls" and "depth" (the class where the depth is below 3). The area of the object
grows with 1/z².`)
	} else {
		fmt.Fprint(&b, `What is known: "cls" and "box" are functions of "seg" and "depth" together (class and box of the pixels of least depth). "count" is not, as objects may be hidden.`)
	}
	fmt.Fprintf(&b, ` "texture" is independent of all other labels. The colour of an object tells %.3g bits of the 2 bits of its class.`, ColorInformation(c.ColorClass))
	if c.Boundary {
		fmt.Fprintf(&b, ` The outermost pixels of each object have the label %d of "seg", which is ignored.`, Void)
	}
	return b.String()
}

// ColorInformation is the mutual information of an object's class and which of the four colours it has, in bits, when it has the colour of its
// class with probability κ and any of the four otherwise: with q = κ + (1−κ)/4,
//
//	I = 2 + q·log₂q + (1−q)·log₂((1−q)/3),
//
// 0 at κ = 0 and 2 at κ = 1, at which the colour gives the class away.
func ColorInformation(kappa float64) float64 {
	q := kappa + (1-kappa)/4
	term := func(p, of float64) float64 {
		if p == 0 {
			return 0
		}
		return p * math.Log2(p/of)
	}
	return 2 + term(q, 1) + term(1-q, 3)
}
