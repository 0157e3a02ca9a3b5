package scenes

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// color is red, green and blue.
type color [3]float64

// scene is what a picture shows, before the noise.
type scene struct {
	base    color // of the background
	texture int   // direction of the wave, in units of 45°
	phase   float64
	bars    []bar
	objects []object // from near to far
}

// bar is a rotated rectangle around (x, y).
type bar struct {
	length, halfWidth, x, y, cos, sin float64
	color                             color
}

// covers tells whether the point (x, y) lies on the bar.
func (b bar) covers(x, y float64) bool {
	x, y = x-b.x, y-b.y
	return math.Abs(x*b.cos+y*b.sin) <= b.length/2 && math.Abs(y*b.cos-x*b.sin) <= b.halfWidth
}

// object is a shape around (x, y).
type object struct {
	class       int
	depth, x, y float64
	color       color
}

// radius is that of an object at a depth, R = 10/z.
func radius(depth float64) float64 { return 10 / depth }

// covers tells whether the point (x, y) lies on the object.
func (o object) covers(x, y float64) bool { return inside(o.class, radius(o.depth), x-o.x, y-o.y) }

// palette has the four colours, each of which is a class's own: red, green, blue, yellow.
var palette = [4]color{{0.9, 0.2, 0.2}, {0.2, 0.8, 0.25}, {0.25, 0.4, 0.95}, {0.9, 0.8, 0.2}}

// draw takes a scene's random numbers from its stream, in this order: the background's red, green and blue, direction and phase;
// of each bar length, half width, x, y, angle, red, green and blue; the number of objects; of each object class, depth, x, y, colour,
// whether it is the class's own instead, and what is added to red, green and blue.
func (c Config) draw(random *rand.Rand) scene {
	uniform := func(low, high float64) float64 { return low + (high-low)*random.Float64() }
	uniformColor := func(low, high float64) (rgb color) {
		for i := range rgb {
			rgb[i] = uniform(low, high)
		}
		return rgb
	}
	size := float64(c.Size)
	s := scene{base: uniformColor(0.15, 0.5), texture: random.IntN(4), phase: uniform(0, 2*math.Pi)}
	for range c.Clutter {
		b := bar{length: uniform(3, 9), halfWidth: uniform(0.6, 1.4), x: uniform(0, size), y: uniform(0, size)}
		b.sin, b.cos = math.Sincos(uniform(0, math.Pi))
		b.color = uniformColor(0.2, 1)
		s.bars = append(s.bars, b)
	}
	for range 1 + random.IntN(c.Objects) {
		o := object{class: random.IntN(len(palette)), depth: uniform(c.Near, c.Far)}
		r := radius(o.depth)
		o.x, o.y = uniform(r, size-r), uniform(r, size-r)
		o.color = palette[random.IntN(len(palette))]
		if random.Float64() < c.ColorClass {
			o.color = palette[o.class]
		}
		for i := range o.color {
			o.color[i] = (o.color[i] + 0.08*random.NormFloat64()) * math.Exp(-0.6*(o.depth-1))
		}
		s.objects = append(s.objects, o)
	}
	slices.SortStableFunc(s.objects, func(a, b object) int { return cmp.Compare(a.depth, b.depth) })
	return s
}
