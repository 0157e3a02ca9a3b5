package plotting

import (
	"image"
	"image/color"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// shadedGround is a map of a function in a few shades.
type shadedGround struct{ picture *image.Paletted }

// shades evaluates the loss at every pixel of a panel. The levels are quantiles, so that walls and valleys show whatever the loss's range; what is not a
// number has the lightest shade.
func (p *landscape) shades(loss func(x, y float64) float64) *shadedGround {
	columns, rows := pixelsOf(p.side), pixelsOf(p.tall)
	values, sorted := make([]float64, 0, columns*rows), make([]float64, 0, columns*rows)
	for row := range rows {
		y := mix(p.Y[1], p.Y[0], (float64(row)+0.5)/float64(rows))
		for column := range columns {
			v := loss(mix(p.X[0], p.X[1], (float64(column)+0.5)/float64(columns)), y)
			values = append(values, v)
			if isFinite(v) {
				sorted = append(sorted, v)
			}
		}
	}
	slices.Sort(sorted)
	bounds := make([]float64, 0, p.Levels)
	for i := 1; i < p.Levels && len(sorted) > 0; i++ {
		bounds = append(bounds, sorted[len(sorted)*i/p.Levels])
	}
	palette := make(color.Palette, p.Levels)
	for i := range palette {
		palette[i] = blend(lowGround, highGround, float64(i)/math.Max(1, float64(p.Levels-1)))
	}
	picture := image.NewPaletted(image.Rect(0, 0, columns, rows), palette)
	for i, v := range values {
		level := p.Levels - 1
		if isFinite(v) {
			level = sort.Search(len(bounds), func(k int) bool { return v < bounds[k] })
		}
		picture.Pix[i] = uint8(min(level, p.Levels-1))
	}
	return &shadedGround{picture: picture}
}

func (g *shadedGround) draw(c draw.Canvas, area vg.Rectangle) { c.DrawImage(area, g.picture) }
