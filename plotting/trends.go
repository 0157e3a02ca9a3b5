package plotting

import (
	"fmt"
	"slices"

	"github.com/gomtl/gomtl/mtl/study"
)

// Trends draws how results follow one quantity, such as the number of labels or how related tasks are: for each way of training a line through the means over seeds, a
// band for their 95 % interval, and a small dot a seed.
type Trends struct {
	Title string
	X, Y  string // what the axes show
	Log   bool   // a logarithmic X
}

// TrendPanel is one panel, with a title where there are several.
type TrendPanel struct {
	Title string
	Lines []Trend
}

// Trend is one line. Ways of the same name look alike in all panels.
type Trend struct {
	Name string
	X    []float64
	// Values of the seeds at each X; NaN where there is none.
	Values [][]float64
}

// Figure draws the panels beside each other, with the same Y.
func (o Trends) Figure(all ...TrendPanel) *Figure {
	p := panels{title: o.Title}
	looks := map[string]look{}
	var words []string
	var xs []float64
	for _, panel := range all {
		for _, t := range panel.Lines {
			if len(t.X) != len(t.Values) {
				return failed("trends: %q has %d places and values at %d; wanted as many", t.Name, len(t.X), len(t.Values))
			}
			xs = append(xs, t.X...)
			if _, found := looks[t.Name]; !found {
				k := taskLook(len(looks))
				looks[t.Name] = k
				p.legend = append(p.legend, entry{name: t.Name, sample: curve{color: k.color, width: 1.8, dashes: k.dashes, marker: k.marker}})
			}
		}
	}
	x := o.scale(xs).opened().padded(0.03)
	for _, panel := range all {
		a := axes{title: panel.Title, xLabel: o.X, yLabel: o.Y, xScale: &x}
		for _, t := range panel.Lines {
			band, points, c, last := t.draw(looks[t.Name])
			a.under, a.curves = append(a.under, band, points), append(a.curves, c)
			words = append(words, fmt.Sprintf("%s %s: %s at %s", panel.Title, t.Name, last, formatValue(t.X[len(t.X)-1])))
		}
		p.axes = append(p.axes, a)
	}
	p.shareRanges()
	return p.figure(words)
}

// scale covers the places, of which negative ones are none on a logarithmic axis.
func (o Trends) scale(xs []float64) scale {
	if !o.Log {
		s := linearScale(xs)
		s.marked = settingScale(xs, false).marked
		return s
	}
	s := settingScale(slices.DeleteFunc(xs, func(x float64) bool { return x < 0 }), true)
	if s.low <= 0 || !s.log {
		return scale{low: 1, high: 10, log: true}
	}
	return s
}

// draw returns the marks and the line, and the last mean.
func (t Trend) draw(k look) (band ribbon, points dust, c curve, last study.Interval) {
	band = ribbon{color: translucent(k.color)}
	points = dust{radius: 1.2, color: blend(k.color, paper, 0.35)}
	c = curve{color: k.color, width: 1.8, dashes: k.dashes, marker: k.marker}
	for i, values := range t.Values {
		last = study.NewInterval(values)
		c.points = append(c.points, xy{t.X[i], last.Mean})
		for _, v := range values {
			points.at = append(points.at, xy{t.X[i], v})
		}
		if last.N > 1 {
			band.xs, band.lows, band.highs = append(band.xs, t.X[i]), append(band.lows, last.Low()), append(band.highs, last.High())
		}
	}
	return band, points, c, last
}
