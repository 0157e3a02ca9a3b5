package plotting

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The glyphs of gonum/plot have hairline outlines; these are drawn to be told apart at the size of a line's marker.
type (
	boxGlyph      struct{}
	diamondGlyph  struct{}
	crossGlyph    struct{}
	ringGlyph     struct{}
	triangleGlyph struct{ down bool }
)

func (boxGlyph) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, at vg.Point) {
	r := sty.Radius * 0.9
	fillPolygon(c, at, vg.Point{X: -r, Y: -r}, vg.Point{X: r, Y: -r}, vg.Point{X: r, Y: r}, vg.Point{X: -r, Y: r})
}

func (diamondGlyph) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, at vg.Point) {
	r := sty.Radius * 1.3
	fillPolygon(c, at, vg.Point{X: 0, Y: -r}, vg.Point{X: r, Y: 0}, vg.Point{X: 0, Y: r}, vg.Point{X: -r, Y: 0})
}

func (g triangleGlyph) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, at vg.Point) {
	r := sty.Radius * 1.15
	base, tip := -0.75*r, 1.05*r
	if g.down {
		base, tip = -base, -tip
	}
	fillPolygon(c, at, vg.Point{X: -r, Y: base}, vg.Point{X: r, Y: base}, vg.Point{X: 0, Y: tip})
}

func (crossGlyph) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, at vg.Point) {
	r := sty.Radius * 0.9
	c.SetLineStyle(draw.LineStyle{Color: sty.Color, Width: sty.Radius * 0.6})
	for _, sign := range []vg.Length{1, -1} {
		var p vg.Path
		p.Move(vg.Point{X: at.X - r, Y: at.Y - sign*r})
		p.Line(vg.Point{X: at.X + r, Y: at.Y + sign*r})
		c.Stroke(p)
	}
}

func (ringGlyph) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, at vg.Point) {
	outer := sty
	outer.Radius *= 1.1
	draw.CircleGlyph{}.DrawGlyph(c, outer, at)
	c.SetColor(paper)
	inner := sty
	inner.Radius *= 0.55
	draw.CircleGlyph{}.DrawGlyph(c, inner, at)
}

func fillPolygon(c *draw.Canvas, at vg.Point, corners ...vg.Point) {
	var p vg.Path
	p.Move(at.Add(corners[0]))
	for _, corner := range corners[1:] {
		p.Line(at.Add(corner))
	}
	p.Close()
	c.Fill(p)
}
