package scenes

import (
	"image"
	"math"
	"math/rand/v2"
)

// picture is a scene in pixels, row by row from the top left.
type picture struct {
	pixels  []float64 // red, green and blue of each pixel, 0..1
	owner   []int     // 1 + index of the object that each pixel shows, 0 for the background
	objects []Object  // from near to far
}

// paint draws the background, the bars on it, and before them the objects, at the centres of the pixels, (x+½, y+½). To each pixel it adds
// noise, to red, green and blue in turn.
func (c Config) paint(s scene, random *rand.Rand) picture {
	p := picture{owner: make([]int, c.Size*c.Size), objects: make([]Object, len(s.objects))}
	alone := make([]int, len(s.objects)) // how many pixels each object would have
	sin, cos := math.Sincos(float64(s.texture) * math.Pi / 4)
	for i := range p.owner {
		x, y := float64(i%c.Size)+0.5, float64(i/c.Size)+0.5
		shown := s.base
		wave := 0.06 * math.Sin(1.2*(x*cos+y*sin)+s.phase)
		for k := range shown {
			shown[k] += wave
		}
		for _, b := range s.bars {
			if b.covers(x, y) {
				shown = b.color
			}
		}
		for k, o := range s.objects {
			if !o.covers(x, y) {
				continue
			}
			alone[k]++
			if p.owner[i] == 0 {
				p.owner[i], shown = 1+k, o.color
				p.objects[k].add(image.Pt(i%c.Size, i/c.Size))
			}
		}
		for _, value := range shown {
			p.pixels = append(p.pixels, min(max(value+c.Noise*random.NormFloat64(), 0), 1))
		}
	}
	for k, o := range s.objects {
		p.objects[k].Class, p.objects[k].Depth = o.class, o.depth
		p.objects[k].Visibility = float64(p.objects[k].Area) / float64(alone[k])
	}
	return p
}
