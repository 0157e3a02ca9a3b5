package plotting

import (
	"fmt"
	"image"
	"math"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// sheet is the canvas that figures draw on. It passes on what lies on the figure or near it, and
// keeps an error about the rest: a rasteriser would walk along a line to a coordinate of 1e300 for
// ever, and a coordinate that is NaN would put a mark where no value is.
type sheet struct {
	vg.CanvasSizer
	err error
}

// near reports whether all points can be drawn: they are at most twice the figure's size away from
// it.
func (s *sheet) near(points ...vg.Point) bool {
	width, height := s.Size()
	reach := float64(2 * (width + height))
	for _, p := range points {
		if !(math.Abs(float64(p.X)) <= reach && math.Abs(float64(p.Y)) <= reach) {
			if s.err == nil {
				s.err = fmt.Errorf("plotting: a mark of the figure would be at (%g, %g) points, "+
					"far outside its %g by %g points", p.X, p.Y, width, height)
			}
			return false
		}
	}
	return true
}

func (s *sheet) holds(p vg.Path) bool {
	for _, part := range p {
		if part.Type == vg.CloseComp {
			continue
		}
		if !s.near(part.Pos) || !s.near(part.Control...) || !s.near(vg.Point{X: part.Radius}) {
			return false
		}
	}
	return true
}

// Stroke implements vg.Canvas.
func (s *sheet) Stroke(p vg.Path) {
	if s.holds(p) {
		s.CanvasSizer.Stroke(p)
	}
}

// Fill implements vg.Canvas.
func (s *sheet) Fill(p vg.Path) {
	if s.holds(p) {
		s.CanvasSizer.Fill(p)
	}
}

// FillString implements vg.Canvas.
func (s *sheet) FillString(f font.Face, at vg.Point, text string) {
	if s.near(at) {
		s.CanvasSizer.FillString(f, at, text)
	}
}

// DrawImage implements vg.Canvas.
func (s *sheet) DrawImage(box vg.Rectangle, img image.Image) {
	if s.near(box.Min, box.Max) {
		s.CanvasSizer.DrawImage(box, img)
	}
}

// Translate implements vg.Canvas.
func (s *sheet) Translate(by vg.Point) {
	if s.near(by) {
		s.CanvasSizer.Translate(by)
	}
}

// hover gives a point or a line a text where the canvas below has a mouse.
func (s *sheet) hover(spot hotSpot) {
	if svg, ok := s.CanvasSizer.(*svgCanvas); ok && s.near(spot.points...) {
		svg.spots = append(svg.spots, spot)
	}
}
