package plotting

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// mark is what an axes shows besides curves.
type mark interface {
	shown() []xy // what the ranges of the axes must cover; may be nil
	draw(c draw.Canvas, at placing)
}

// placing maps values to the plotting area of a frame.
type placing struct {
	*frame
	area vg.Rectangle
}

func (p placing) x(v float64) vg.Length {
	return p.area.Min.X + 4 + (p.area.Max.X-p.area.Min.X-8)*vg.Length(p.frame.x.share(v))
}

func (p placing) y(v float64) vg.Length {
	return p.area.Min.Y + (p.area.Max.Y-p.area.Min.Y)*vg.Length(p.frame.y.share(v))
}

// clippedX is x(v) or the nearer edge of the area; an infinite value is beyond the edge.
func (p placing) clippedX(v float64) vg.Length { return between(p.area.Min.X, p.x(v), p.area.Max.X) }

func (p placing) clippedY(v float64) vg.Length { return between(p.area.Min.Y, p.y(v), p.area.Max.Y) }

func between(low, v, high vg.Length) vg.Length { return max(low, min(v, high)) }

// window draws nothing: it is there for the axes to show its points.
type window []xy

func (w window) shown() []xy { return w }

func (window) draw(draw.Canvas, placing) {}

// box fills a range of both axes, to the edges where it is infinite.
type box struct {
	x, y  [2]float64
	color color.Color
}

func (box) shown() []xy { return nil }

func (b box) draw(c draw.Canvas, at placing) {
	if slices.ContainsFunc([]float64{b.x[0], b.x[1], b.y[0], b.y[1]}, math.IsNaN) {
		return
	}
	c.SetColor(b.color)
	c.Fill(vg.Rectangle{
		Min: vg.Point{X: at.clippedX(b.x[0]), Y: at.clippedY(b.y[0])},
		Max: vg.Point{X: at.clippedX(b.x[1]), Y: at.clippedY(b.y[1])},
	}.Path())
}

var everywhere = [2]float64{math.Inf(-1), math.Inf(1)}

// rule is a straight line through the whole area, at a value of x or, if level, of y.
type rule struct {
	at    float64
	level bool
	style draw.LineStyle
}

func (rule) shown() []xy { return nil }

func (r rule) draw(c draw.Canvas, at placing) {
	from, to := at.area.Min, at.area.Max
	if r.level {
		from.Y = at.y(r.at)
		to.Y = from.Y
	} else {
		from.X = at.x(r.at)
		to.X = from.X
	}
	if inside(at.area, from) {
		line(c, r.style, from, to)
	}
}

// ribbon fills what is between two curves.
type ribbon struct {
	xs, lows, highs []float64
	color           color.Color
}

func (r ribbon) shown() (points []xy) {
	for i, x := range r.xs {
		points = append(points, xy{x, r.lows[i]}, xy{x, r.highs[i]})
	}
	return points
}

func (r ribbon) draw(c draw.Canvas, at placing) {
	var known []int
	for i, x := range r.xs {
		if isFinite(x) && at.frame.x.shows(x) && !math.IsNaN(r.lows[i]) && !math.IsNaN(r.highs[i]) {
			known = append(known, i)
		}
	}
	if len(known) < 2 {
		return
	}
	var p vg.Path
	p.Move(vg.Point{X: at.x(r.xs[known[0]]), Y: at.clippedY(r.lows[known[0]])})
	for _, i := range known {
		p.Line(vg.Point{X: at.x(r.xs[i]), Y: at.clippedY(r.highs[i])})
	}
	for _, i := range slices.Backward(known) {
		p.Line(vg.Point{X: at.x(r.xs[i]), Y: at.clippedY(r.lows[i])})
	}
	p.Close()
	c.SetColor(r.color)
	c.Fill(p)
}

// whisker is an interval in x or in y, with caps at ends that the area shows.
type whisker struct {
	at        xy
	low, high float64
	level     bool // along x
	color     color.RGBA
	width     vg.Length
}

func (whisker) shown() []xy { return nil }

func (w whisker) draw(c draw.Canvas, at placing) {
	if !(w.low < w.high) || at.isGap(w.at) {
		return
	}
	const reach = vg.Length(2.2) // of a cap
	style := draw.LineStyle{Color: w.color, Width: w.width}
	ends := [2]vg.Point{{X: at.x(w.at.x), Y: at.clippedY(w.low)}, {X: at.x(w.at.x), Y: at.clippedY(w.high)}}
	across := vg.Point{X: reach}
	if w.level {
		ends = [2]vg.Point{{X: at.clippedX(w.low), Y: at.y(w.at.y)}, {X: at.clippedX(w.high), Y: at.y(w.at.y)}}
		across = vg.Point{Y: reach}
	}
	line(c, style, ends[:]...)
	for i, v := range []float64{w.low, w.high} {
		seen := ends[i].Y == at.y(v)
		if w.level {
			seen = ends[i].X == at.x(v)
		}
		if seen {
			line(c, style, ends[i].Sub(across), ends[i].Add(across))
		}
	}
}

// spot is one point, which says more under the mouse: a marker with an outline, neither of which is drawn in a colour that is transparent.
type spot struct {
	at      xy
	marker  draw.GlyphDrawer
	radius  vg.Length
	color   color.RGBA
	outline color.RGBA
	title   string
}

func (s spot) shown() []xy { return []xy{s.at} }

func (s spot) draw(c draw.Canvas, at placing) {
	if at.isGap(s.at) {
		return
	}
	s.drawAt(c, vg.Point{X: at.x(s.at.x), Y: at.y(s.at.y)})
}

func (s spot) drawAt(c draw.Canvas, center vg.Point) {
	if s.outline.A > 0 {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: s.outline, Radius: s.radius + 1.1, Shape: s.marker}, center)
	}
	if s.color.A > 0 {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: s.color, Radius: s.radius, Shape: s.marker}, center)
	}
	hover(c, s.radius+3, s.title, center)
}

// halo is a ring around a point, for what was chosen.
type halo struct{ at xy }

func (h halo) shown() []xy { return []xy{h.at} }

func (h halo) draw(c draw.Canvas, at placing) {
	if at.isGap(h.at) {
		return
	}
	drawHalo(c, vg.Point{X: at.x(h.at.x), Y: at.y(h.at.y)})
}

const haloRadius = vg.Length(7.5)

func drawHalo(c draw.Canvas, center vg.Point) {
	c.SetLineStyle(draw.LineStyle{Color: chosenColor, Width: 1.8})
	var p vg.Path
	p.Move(vg.Point{X: center.X + haloRadius, Y: center.Y})
	p.Arc(center, haloRadius, 0, 2*math.Pi)
	p.Close()
	c.Stroke(p)
}

// dust is a small dot for each of many values.
type dust struct {
	at     []xy
	radius vg.Length
	color  color.RGBA
}

func (d dust) shown() []xy { return d.at }

func (d dust) draw(c draw.Canvas, at placing) {
	points := make([]vg.Point, 0, len(d.at))
	for _, p := range d.at {
		if !at.isGap(p) {
			points = append(points, vg.Point{X: at.x(p.x), Y: at.y(p.y)})
		}
	}
	fillDots(c, d.color, d.radius, points)
}
