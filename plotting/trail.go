package plotting

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// timeBins is the number of colours that a path goes through.
const timeBins = 12

// timeColor darkens steadily, so that time can be read without telling hues apart.
func timeColor(bin int) color.RGBA {
	return blend(earlyTime, lateTime, float64(bin)/(timeBins-1))
}

// drawWalks paints the target, then all paths, then all starts and ends, which so stay visible.
func (p *landscape) drawWalks(c draw.Canvas, area vg.Rectangle, paths [][][2]float64) {
	place := p.placer(area)
	if len(p.target) > 1 {
		points := make([]vg.Point, len(p.target))
		for i, q := range p.target {
			points[i] = place(q)
		}
		drawTarget(c, clipTo(area, points)...)
	}
	trails := make([][]vg.Point, 0, len(paths))
	for _, path := range paths {
		var points []vg.Point
		for _, q := range path {
			if !isFinite(q[0]) || !isFinite(q[1]) {
				break // what follows a NaN is no training
			}
			points = append(points, place(q))
		}
		if len(points) == 0 {
			continue
		}
		trails = append(trails, points)
		for bin := range timeBins {
			from, to := (len(points)-1)*bin/timeBins, (len(points)-1)*(bin+1)/timeBins
			if from == to {
				continue
			}
			for _, piece := range clipTo(area, simplify(points[from:to+1], 0.25)) {
				line(c, draw.LineStyle{Color: timeColor(bin), Width: 1.8}, piece...)
			}
		}
	}
	for _, trail := range trails {
		if end := trail[len(trail)-1]; inside(area, end) {
			drawEnd(c, end)
		}
	}
	for _, trail := range trails {
		if inside(area, trail[0]) {
			drawStart(c, trail[0])
		}
	}
}

func drawStart(c draw.Canvas, at vg.Point) {
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: ink, Radius: 3.4, Shape: ringGlyph{}}, at)
}

func drawEnd(c draw.Canvas, at vg.Point) {
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: paper, Radius: 4, Shape: diamondGlyph{}}, at)
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: lateTime, Radius: 3, Shape: diamondGlyph{}}, at)
}

func drawTarget(c draw.Canvas, pieces ...[]vg.Point) {
	for _, piece := range pieces {
		line(c, draw.LineStyle{Color: paper, Width: 4.6}, piece...)
		line(c, draw.LineStyle{Color: taskColors[2], Width: 2.8}, piece...)
	}
}

func inside(area vg.Rectangle, p vg.Point) bool {
	return p.X >= area.Min.X && p.X <= area.Max.X && p.Y >= area.Min.Y && p.Y <= area.Max.Y
}

// clipTo returns the pieces of a line inside area; a piece ends at the last point inside.
func clipTo(area vg.Rectangle, points []vg.Point) (pieces [][]vg.Point) {
	var piece []vg.Point
	for i, p := range points {
		if inside(area, p) {
			piece = append(piece, p)
		}
		if len(piece) > 0 && (!inside(area, p) || i == len(points)-1) {
			if len(piece) > 1 {
				pieces = append(pieces, piece)
			}
			piece = nil
		}
	}
	return pieces
}

// simplify leaves out points that lie within tolerance of the line through those kept (Ramer 1972, Douglas and Peucker 1973). Ten thousand steps then
// take a few dozen points.
func simplify(points []vg.Point, tolerance vg.Length) []vg.Point {
	if len(points) < 3 {
		return points
	}
	first, last := points[0], points[len(points)-1]
	worst, far := 0, tolerance
	for i, p := range points[1 : len(points)-1] {
		if d := fromSegment(p, first, last); d > far {
			worst, far = i+1, d
		}
	}
	if worst == 0 {
		return []vg.Point{first, last}
	}
	head := simplify(points[:worst+1], tolerance)
	return append(head[:len(head)-1:len(head)-1], simplify(points[worst:], tolerance)...)
}

// fromSegment is the distance of p from the segment a-b.
func fromSegment(p, a, b vg.Point) vg.Length {
	ab, ap := b.Sub(a), p.Sub(a)
	share := 0.0
	if square := ab.Dot(ab); square > 0 {
		share = math.Max(0, math.Min(1, float64(ap.Dot(ab)/square)))
	}
	d := ap.Sub(ab.Scale(vg.Length(share)))
	return vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
}
