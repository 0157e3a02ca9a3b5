package plotting

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomtl/gomtl/mtl/affinity"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Affinity draws how tasks go together: a table of colours with a number in each cell, its tasks ordered such that those that go together stand side by side, and the
// groups outlined. The diagonal, which says nothing, is left empty.
type Affinity struct {
	Title  string // what the matrix measures when empty
	Groups int    // how many clusters are outlined; 0 outlines none
	// Grouping is outlined in place of clusters where it is not nil: the tasks that a group serves, put side by side.
	Grouping *affinity.Grouping
	Unsorted bool // keeps the tasks in the matrix's order
	Diagonal bool // shows the diagonal too, as where it is a task's own trunk
}

// Figure draws the matrix. An unknown value is grey.
func (o Affinity) Figure(m *affinity.Matrix) *Figure {
	if err := m.Check(); err != nil {
		return failed("%v", err)
	}
	a := affinityMap{Affinity: o, m: m}
	a.sort()
	var shown []float64
	for i, row := range m.Values {
		for j, v := range row {
			if i != j || o.Diagonal {
				shown = append(shown, v)
			}
		}
	}
	name := "from row to column"
	if m.Symmetric {
		name = "value"
	}
	a.colors = &colored{name: name, scale: linearScale(shown)}
	if a.colors.low < 0 && a.colors.high > 0 {
		a.colors.diverging = true
		far := math.Max(-a.colors.low, a.colors.high)
		a.colors.low, a.colors.high = -far, far
	}
	a.unit = 1
	if largest := math.Max(math.Abs(a.colors.low), math.Abs(a.colors.high)); largest > 0 && (largest < 0.05 || largest >= 1000) {
		a.unit = math.Pow(10, math.Max(-300, math.Floor(math.Log10(largest))))
		a.colors.name += fmt.Sprintf("; numbers × %s", formatValue(a.unit))
	}
	return a.figure(orDefault(o.Title, m.Measures))
}

type affinityMap struct {
	Affinity
	m      *affinity.Matrix
	order  []int   // of the tasks
	blocks [][]int // positions that are outlined
	colors *colored
	unit   float64 // a power of ten, by which the numbers in the cells are divided
}

// sort orders the tasks and finds where groups stand.
func (a *affinityMap) sort() {
	var groups [][]int
	switch {
	case a.Grouping != nil:
		for _, g := range a.Grouping.Groups {
			var members []int
			for _, name := range g.Serves {
				if i := slices.Index(a.m.Tasks, name); i >= 0 {
					members = append(members, i)
				}
			}
			groups = append(groups, members)
		}
	case a.Groups > 0:
		groups = a.m.Clusters(a.Groups)
	}
	switch {
	case a.Unsorted:
		for i := range a.m.Tasks {
			a.order = append(a.order, i)
		}
	default:
		if a.order = a.m.Order(); a.Grouping != nil {
			a.order = slices.Concat(groups...)
			for i := range a.m.Tasks {
				if !slices.Contains(a.order, i) {
					a.order = append(a.order, i)
				}
			}
		}
	}
	// A group whose tasks do not stand side by side is outlined piece by piece.
	for _, g := range groups {
		var places []int
		for at, i := range a.order {
			if slices.Contains(g, i) {
				places = append(places, at)
			}
		}
		for from := 0; from < len(places); {
			to := from + 1
			for to < len(places) && places[to] == places[to-1]+1 {
				to++
			}
			a.blocks = append(a.blocks, places[from:to])
			from = to
		}
	}
}

func (a *affinityMap) figure(title string) *Figure {
	n := vg.Length(len(a.order))
	cell := min(46, 420/n)
	size := cell * n
	names := tickStyle()
	nameWidth := vg.Length(0)
	for _, name := range a.m.Tasks {
		nameWidth = max(nameWidth, min(names.width(name), 110))
	}
	upright := nameWidth > cell-3
	below := vg.Length(14)
	if upright {
		below = nameWidth + 7
	}
	left := margin + nameWidth + 7
	width := max(left+size+margin, 300, 2*margin+10+titleStyle().width(title))
	left += (width - margin - left - size) / 2
	height := 2*margin + titleHeight + 8 + size + below + 6 + a.colors.height()
	return &Figure{width: width, height: height, text: a.words(title), paint: func(c draw.Canvas) {
		drawHeading(c, title, "")
		area := vg.Rectangle{Max: vg.Point{Y: c.Max.Y - margin - titleHeight - 8}}
		area.Min = vg.Point{X: c.Min.X + left, Y: area.Max.Y - size}
		area.Max.X = area.Min.X + size
		a.drawCells(c, area, cell)
		a.drawOutlines(c, area, cell)
		for at, i := range a.order {
			name, center := names.fit(a.m.Tasks[i], nameWidth), cell*(vg.Length(at)+0.5)
			names.draw(c, area.Min.X-5, area.Max.Y-center-names.middle(), 1, name)
			if upright {
				names.drawUpwards(c, area.Min.X+center+names.middle(), area.Min.Y-5-names.width(name)/2, name)
			} else {
				names.draw(c, area.Min.X+center, area.Min.Y-12, 0.5, name)
			}
		}
		a.colors.draw(c, c.Min.X+margin, c.Min.Y+margin+a.colors.height(), width-2*margin)
	}}
}

func (a *affinityMap) drawCells(c draw.Canvas, area vg.Rectangle, cell vg.Length) {
	style := regular(min(10, cell*0.3), ink)
	for row, i := range a.order {
		for column, j := range a.order {
			v := a.m.Values[i][j]
			x, y := area.Min.X+cell*vg.Length(column), area.Max.Y-cell*vg.Length(row+1)
			box := vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + cell, Y: y + cell}}
			if i == j && !a.Diagonal {
				continue
			}
			fill := a.colors.color(v)
			c.SetColor(fill)
			c.Fill(box.Path())
			arrow := " → "
			if a.m.Symmetric {
				arrow = " · "
			}
			hover(c, cell/2, fmt.Sprintf("%s%s%s: %s", a.m.Tasks[i], arrow, a.m.Tasks[j], formatValue(v)), vg.Point{X: x + cell/2, Y: y + cell/2})
			if label := a.label(v); isFinite(v) && style.face.Font.Size >= 6 {
				style.color = textOn(fill)
				style.draw(c, x+cell/2, y+cell/2-style.middle(), 0.5, style.fit(label, cell-1))
			}
		}
	}
	c.SetLineStyle(draw.LineStyle{Color: axisLine, Width: 0.75})
	c.Stroke(area.Path())
}

// label is in units of the map.
func (a *affinityMap) label(v float64) string {
	largest := math.Max(math.Abs(a.colors.low), math.Abs(a.colors.high)) / a.unit
	digits := 2
	switch {
	case largest >= 100:
		digits = 0
	case largest >= 2:
		digits = 1
	}
	if v /= a.unit; math.Abs(v) < 0.5*math.Pow(10, -float64(digits)) {
		v = 0 // not minus 0
	}
	return minus(fmt.Sprintf("%.*f", digits, v))
}

func (a *affinityMap) drawOutlines(c draw.Canvas, area vg.Rectangle, cell vg.Length) {
	for _, places := range a.blocks {
		from, to := vg.Length(places[0]), vg.Length(places[len(places)-1]+1)
		box := vg.Rectangle{
			Min: vg.Point{X: area.Min.X + cell*from, Y: area.Max.Y - cell*to},
			Max: vg.Point{X: area.Min.X + cell*to, Y: area.Max.Y - cell*from},
		}
		c.SetLineStyle(draw.LineStyle{Color: paper, Width: 4.5})
		c.Stroke(box.Path())
		c.SetLineStyle(draw.LineStyle{Color: ink, Width: 2})
		c.Stroke(box.Path())
	}
}

// words say which task each has most of.
func (a *affinityMap) words(title string) string {
	var parts []string
	for _, name := range a.m.Tasks {
		if from := a.m.From(name); len(from) > 0 {
			parts = append(parts, fmt.Sprintf("%s most with %s (%s)", name, from[0], formatValue(a.m.Of(from[0], name))))
		}
	}
	return title + ": " + strings.Join(parts, "; ") + "."
}
