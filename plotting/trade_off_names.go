package plotting

import (
	"slices"

	"github.com/gomtl/gomtl/mtl/study"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// nameTags are the labels: of the chosen setting, of methods, of equal weights, and of the front as far as there is room.
type nameTags struct{ *tradeOff }

func (nameTags) shown() []xy { return nil }

func (n nameTags) draw(c draw.Canvas, at placing) {
	var marks, lines []vg.Rectangle
	place := func(q xy) vg.Point { return vg.Point{X: at.x(q.x), Y: at.y(q.y)} }
	var labels []label
	rank := map[string]int{}
	add := func(i, order int, text string, style textStyle) {
		l := label{at: place(n.point(n.groups[i])), clear: 4, text: text, style: style, reach: 20}
		switch order {
		case 0:
			l.clear, l.reach, l.must = haloRadius+1, 45, true
		case 3:
			l.reach = 0
		}
		labels = append(labels, l)
		rank[text] = order
	}
	for _, i := range n.places() {
		g := n.groups[i]
		marks = append(marks, around(place(n.point(g)), 4.5))
		if n.few || n.onFront[i] {
			lines = append(lines, n.bars(g, at)...)
		}
		text := g.Setting.Label()
		switch {
		case n.chosen(i):
			add(i, 0, "chosen: "+text, bold(9.5, chosenColor))
		case !g.Complete():
		case !n.measured(g):
			add(i, 1, text, regular(9, ink))
		case allEqual(g.Setting, n.TaskNames()):
			add(i, 2, text+" (equal)", regular(9, ink))
		case n.onFront[i] && tickStyle().width(text) < 80: // a longer text would hide others, and there is the mouse
			add(i, 3, text, tickStyle())
		}
	}
	slices.SortStableFunc(labels, func(a, b label) int { return rank[a.text] - rank[b.text] })
	labels = labels[:min(len(labels), 12)]
	if n.alone != nil {
		marks = n.drawAlone(c, at, marks)
	}
	drawLabels(c, at.area, marks, lines, labels)
}

// bars are where the intervals of a group are drawn.
func (n nameTags) bars(g *study.Group, at placing) []vg.Rectangle {
	x, y := g.Values[n.x], g.Values[n.y]
	span := func(a, b vg.Point) vg.Rectangle {
		return vg.Rectangle{Min: vg.Point{X: min(a.X, b.X), Y: min(a.Y, b.Y)}, Max: vg.Point{X: max(a.X, b.X), Y: max(a.Y, b.Y)}}
	}
	return []vg.Rectangle{
		span(vg.Point{X: at.x(x.Mean), Y: at.clippedY(y.Low())}, vg.Point{X: at.x(x.Mean), Y: at.clippedY(y.High())}),
		span(vg.Point{X: at.clippedX(x.Low()), Y: at.y(y.Mean)}, vg.Point{X: at.clippedX(x.High()), Y: at.y(y.Mean)}),
	}
}

// drawAlone names the lines of the tasks alone, at a place where no mark is, and returns the marks with these texts.
func (n nameTags) drawAlone(c draw.Canvas, at placing, marks []vg.Rectangle) []vg.Rectangle {
	style := regular(9, softInk)
	x, y := at.x(n.alone[n.x].Mean), at.y(n.alone[n.y].Mean)
	rules := []vg.Rectangle{
		{Min: vg.Point{X: x - 1, Y: at.area.Min.Y}, Max: vg.Point{X: x + 1, Y: at.area.Max.Y}},
		{Min: vg.Point{X: at.area.Min.X, Y: y - 1}, Max: vg.Point{X: at.area.Max.X, Y: y + 1}},
	}
	write := func(o study.Objective, corners func(size vg.Point) []vg.Point) {
		text := style.fit(o.Task+" alone", labelWidth)
		size := vg.Point{X: style.width(text) + 2, Y: 11}
		for _, corner := range corners(size) {
			b := vg.Rectangle{Min: corner, Max: corner.Add(size)}
			if overlaps(b, marks) == 0 && overlaps(b, rules) == 0 && inside(at.area, b.Min) && inside(at.area, b.Max) {
				style.draw(c, b.Min.X+1, b.Min.Y+2.5, 0, text)
				marks = append(marks, b)
				return
			}
		}
	}
	write(n.Objectives[n.x], func(size vg.Point) (corners []vg.Point) {
		for _, left := range []vg.Length{x + 2, x - 2 - size.X} {
			for _, low := range []vg.Length{at.area.Min.Y + 2, at.area.Max.Y - size.Y - 1, y - 3 - size.Y, y + 3} {
				corners = append(corners, vg.Point{X: left, Y: low})
			}
		}
		return corners
	})
	write(n.Objectives[n.y], func(size vg.Point) (corners []vg.Point) {
		for _, low := range []vg.Length{y + 2, y - 2 - size.Y} {
			for _, left := range []vg.Length{at.area.Min.X + 3, at.area.Max.X - size.X - 2, x + 4, x - 4 - size.X} {
				corners = append(corners, vg.Point{X: left, Y: low})
			}
		}
		return corners
	})
	return marks
}
