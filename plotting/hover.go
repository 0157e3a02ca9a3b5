package plotting

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// hotSpot is a part of a figure that says more under the mouse: what is within the radius of a point or of a line.
type hotSpot struct {
	points []vg.Point
	radius vg.Length
	text   string
}

// hover gives a point or a line a text. Painters call it where they draw; canvases without a mouse do not take it.
func hover(c draw.Canvas, radius vg.Length, text string, points ...vg.Point) {
	if s, ok := c.Canvas.(*sheet); ok && text != "" && len(points) > 0 {
		s.hover(hotSpot{slices.Clone(points), radius, text})
	}
}

// svg is an element that cannot be seen, with a title, in the canvas's coordinates.
func (h hotSpot) svg() []byte {
	title := "<title>" + escape(h.text) + "</title>"
	if len(h.points) == 1 {
		return fmt.Appendf(nil, `<circle cx="%.5g" cy="%.5g" r="%.3g" fill-opacity="0">%s</circle>`+"\n", h.points[0].X, h.points[0].Y, h.radius, title)
	}
	var d strings.Builder
	for i, p := range h.points {
		fmt.Fprintf(&d, "%c%.5g,%.5g", "ML"[min(i, 1)], p.X, p.Y)
	}
	return fmt.Appendf(nil, `<path d="%s" fill="none" stroke="#000" stroke-opacity="0" stroke-width="%.3g">%s</path>`+"\n", d.String(), 2*h.radius, title)
}

// area is an element of an image map, in CSS pixels of a figure of that height.
func (h hotSpot) area(height vg.Length) string {
	var shape, coords string
	pixel := func(p vg.Point) string {
		return fmt.Sprintf("%.0f,%.0f", p.X.Dots(96), (height - p.Y).Dots(96))
	}
	if len(h.points) == 1 {
		shape, coords = "circle", fmt.Sprintf("%s,%.0f", pixel(h.points[0]), h.radius.Dots(96))
	} else {
		shape = "poly"
		var around []string
		for _, p := range outline(h.points, h.radius) {
			around = append(around, pixel(p))
		}
		coords = strings.Join(around, ",")
	}
	text := escape(h.text)
	return fmt.Sprintf(`<area shape="%s" coords="%s" title="%s" alt="%s">`, shape, coords, text, text)
}

// outline goes along one side of a line at a distance and back along the other.
func outline(points []vg.Point, distance vg.Length) []vg.Point {
	n := len(points)
	around := make([]vg.Point, 2*n)
	for i, p := range points {
		along := points[min(i+1, n-1)].Sub(points[max(i-1, 0)])
		length := vg.Length(math.Hypot(float64(along.X), float64(along.Y)))
		aside := vg.Point{Y: distance}
		if length > 0 {
			aside = vg.Point{X: -along.Y, Y: along.X}.Scale(distance / length)
		}
		around[i], around[2*n-1-i] = p.Add(aside), p.Sub(aside)
	}
	return around
}

// imageMap is the map of an image that shows the figure, and its name. Of overlapping areas the first counts, which is the one drawn last.
func imageMap(spots []hotSpot, height vg.Length) (name, element string) {
	var areas bytes.Buffer
	for _, h := range slices.Backward(spots) {
		areas.WriteString(h.area(height))
	}
	sum := fnv.New64a()
	sum.Write(areas.Bytes())
	name = fmt.Sprintf("spots-%x", sum.Sum64())
	return name, fmt.Sprintf(`<map name="%s">%s</map>`, name, areas.String())
}
