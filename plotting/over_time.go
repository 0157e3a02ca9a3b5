package plotting

import (
	"image"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/gomtl/gomtl/mtl/history"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// OverTime draws a quantity that a run reported (mtl.Report) over its steps. A number or a list is drawn as lines; a table with the same names as rows and columns, such as
// the cosines between task gradients, as a map with a band for each pair; any other table, such as the gates of experts, as a panel of
// lines for each row.
type OverTime struct {
	Name  string // of the quantity
	Title string // the quantity's name when empty
}

// Figure draws the quantity of run h.
func (o OverTime) Figure(h *history.History) *Figure {
	q, found := h.Quantity(o.Name)
	if !found {
		var names []string
		for _, other := range h.Run.Quantities {
			names = append(names, other.Name)
		}
		return failed("quantity over time: run %q reported no quantity %q; it has %q", h.Run.Name, o.Name, names)
	}
	t := timeline{Quantity: q}
	t.steps, t.values = h.Values(q.Name)
	p := panels{title: orDefault(o.Title, q.Name), subtitle: describe(h.Run)}
	switch {
	case len(q.Columns) == 0:
		return t.lines(p, [][]int{t.row(0, max(1, len(q.Rows)))}, q.Rows)
	case slices.Equal(q.Rows, q.Columns):
		return t.pairs(p)
	}
	var rows [][]int
	for i := range q.Rows {
		rows = append(rows, t.row(i, len(q.Columns)))
	}
	return t.lines(p, rows, q.Columns)
}

// timeline is a quantity over the steps.
type timeline struct {
	history.Quantity
	steps  []float64
	values [][]float64
}

// row lists the positions of row i, that many long.
func (t timeline) row(i, length int) (positions []int) {
	for k := range length {
		positions = append(positions, i*length+k)
	}
	return positions
}

func (t timeline) series(position int) []float64 {
	series := make([]float64, len(t.values))
	for i, v := range t.values {
		series[i] = v[position]
	}
	return series
}

// last names the newest value.
func (t timeline) last(name string, position int) string {
	if len(t.values) == 0 {
		return ""
	}
	return strings.TrimSpace(name + " " + formatValue(t.values[len(t.values)-1][position]))
}

// lines draws a panel for each list of positions, whose lines are named by names.
func (t timeline) lines(p panels, rows [][]int, names []string) *Figure {
	var words []string
	for i, row := range rows {
		a := axes{xLabel: "step", counts: true}
		if len(rows) > 1 {
			a.title = t.Rows[i]
			words = append(words, a.title+":")
		}
		for k, position := range row {
			look := taskLook(k)
			c := curve{points: reduce(t.steps, t.series(position)).points(), color: look.color, width: 1.6, dashes: look.dashes, marker: look.marker, spacing: 70, offset: overlayOffset(k)}
			a.curves = append(a.curves, c)
			name := ""
			if len(names) > 0 {
				name = names[k]
			}
			if i == 0 && name != "" {
				p.legend = append(p.legend, entry{name: name, sample: c})
			}
			words = append(words, t.last(name, position))
		}
		p.axes = append(p.axes, a)
	}
	p.shareRanges()
	return p.figure(words)
}

// pairs draws a band of colour for each pair of rows.
func (t timeline) pairs(p panels) *Figure {
	symmetric := t.symmetric()
	b := bands{steps: t.steps}
	var names, words []string
	var all []float64
	join := " → "
	if symmetric {
		join = " · "
	}
	for i, from := range t.Rows {
		for j, to := range t.Columns {
			if i == j || symmetric && j < i {
				continue
			}
			position := i*len(t.Columns) + j
			series := t.series(position)
			b.values, names, all = append(b.values, series), append(names, from+join+to), append(all, series...)
			words = append(words, t.last(from+join+to, position))
		}
	}
	p.colors = &colored{name: t.Name, scale: linearScale(all)}
	if p.colors.low < 0 {
		p.colors.diverging = true
		far := math.Max(-p.colors.low, p.colors.high)
		p.colors.low, p.colors.high = -far, far
	}
	b.colors = p.colors
	p.width, p.areaHeight = figureWidth, max(215, bandHeight*vg.Length(len(names)))
	p.axes = []axes{{xLabel: "step", counts: true, yNames: names, under: []mark{b}}}
	return p.figure(words)
}

// symmetric tells whether the newest table equals its transpose.
func (t timeline) symmetric() bool {
	if len(t.values) == 0 {
		return true
	}
	v, n := t.values[len(t.values)-1], len(t.Rows)
	for i := range n {
		for j := range i {
			if a, b := v[i*n+j], v[j*n+i]; isFinite(a) && isFinite(b) && math.Abs(a-b) > 1e-4*(math.Abs(a)+math.Abs(b)) {
				return false
			}
		}
	}
	return true
}

// bandHeight is the least that leaves room for the names.
const bandHeight = vg.Length(12)

// bands are maps of values over the steps, one above the other.
type bands struct {
	steps  []float64
	values [][]float64 // by band, then step
	colors *colored
}

func (b bands) shown() (points []xy) {
	for _, x := range b.steps {
		points = append(points, xy{x, 0}, xy{x, float64(len(b.values))})
	}
	return points
}

func (b bands) draw(c draw.Canvas, at placing) {
	if len(b.steps) == 0 || len(b.values) == 0 {
		return
	}
	columns, rows := pixelsOf(at.area.Size().X), pixelsOf(at.area.Size().Y) // in full, as viewers smooth what they enlarge
	picture := image.NewRGBA(image.Rect(0, 0, columns, rows))
	for column := range columns {
		share := (float64(column) + 0.5) / float64(columns)
		x := at.frame.x.low + share*(at.frame.x.high-at.frame.x.low)
		// The measurement nearest to the step.
		k := min(sort.SearchFloat64s(b.steps, x), len(b.steps)-1)
		if k > 0 && x-b.steps[k-1] < b.steps[k]-x {
			k--
		}
		for row := range rows {
			picture.SetRGBA(column, row, b.colors.color(b.values[row*len(b.values)/rows][k]))
		}
	}
	c.DrawImage(at.area, picture)
	for band := 1; band < len(b.values); band++ {
		y := at.y(float64(band))
		line(c, draw.LineStyle{Color: paper, Width: 1.5}, vg.Point{X: at.area.Min.X, Y: y}, vg.Point{X: at.area.Max.X, Y: y})
	}
}

// nameTicks are ticks in the middle of each band.
func (a axes) nameTicks() []tick {
	ticks := make([]tick, len(a.yNames))
	for i, name := range a.yNames {
		ticks[i] = tick{float64(i) + 0.5, tickStyle().fit(name, 170)}
	}
	return ticks
}
