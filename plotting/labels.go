package plotting

import (
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// label is a text beside a point.
type label struct {
	at    vg.Point
	clear vg.Length // of the point's mark
	text  string
	style textStyle
	reach vg.Length // how much further away it may be, at the end of a thin line
	must  bool      // it is drawn over others where there is no room
}

// drawLabels puts each text where it covers neither the marks nor another text, and lies on as few of the lines as it can; a text without such a place is left
// out. Those that come first have the choice. It returns where the texts are.
func drawLabels(c draw.Canvas, area vg.Rectangle, marks, lines []vg.Rectangle, labels []label) (boxes []vg.Rectangle) {
	for _, l := range labels {
		if b, found := l.place(area, marks, lines); found {
			l.drawLeader(c, b)
			c.SetColor(labelGround)
			c.Fill(b.Path())
			l.style.draw(c, b.Min.X+1, b.Min.Y+2, 0, l.style.fit(l.text, b.Size().X-2+0.01))
			marks, boxes = append(marks, b), append(boxes, b)
		}
	}
	return boxes
}

// drawLeader ties a text to its point where it is not beside it.
func (l label) drawLeader(c draw.Canvas, b vg.Rectangle) {
	end := vg.Point{X: between(b.Min.X, l.at.X, b.Max.X), Y: between(b.Min.Y, l.at.Y, b.Max.Y)}
	d := end.Sub(l.at)
	if length := vg.Length(math.Hypot(float64(d.X), float64(d.Y))); length > l.clear+5 {
		line(c, draw.LineStyle{Color: softInk, Width: 0.5}, l.at.Add(d.Scale(l.clear/length)), end)
	}
}

// labelWidth is that of the longest text that is not shortened.
const labelWidth = vg.Length(190)

func (l label) place(area vg.Rectangle, marks, lines []vg.Rectangle) (best vg.Rectangle, found bool) {
	size := vg.Point{X: l.style.width(l.style.fit(l.text, labelWidth)) + 2, Y: l.style.face.Font.Size + 2}
	least := 0
	for _, away := range []vg.Length{0, 5, 12, 20, 30, 45} {
		if away > max(l.reach, 5) {
			break
		}
		d := l.clear + 2 + away
		for _, corner := range []vg.Point{
			{X: d, Y: -size.Y / 2}, {X: -d - size.X, Y: -size.Y / 2}, {X: -size.X / 2, Y: d}, {X: -size.X / 2, Y: -d - size.Y},
			{X: 0.7 * d, Y: 0.7 * d}, {X: 0.7 * d, Y: -0.7*d - size.Y}, {X: -0.7*d - size.X, Y: 0.7 * d}, {X: -0.7*d - size.X, Y: -0.7*d - size.Y},
		} {
			b := vg.Rectangle{Min: l.at.Add(corner)}
			b.Max = b.Min.Add(size)
			if !inside(area, b.Min) || !inside(area, b.Max) || overlaps(b, marks) > 0 {
				continue
			}
			if n := overlaps(b, lines); !found || n < least {
				best, least, found = b, n, true
			}
		}
		if found {
			return best, true
		}
	}
	if l.must {
		best.Min = l.at.Add(vg.Point{X: between(area.Min.X, l.at.X-size.X/2, area.Max.X-size.X) - l.at.X, Y: l.clear + 2})
		best.Max = best.Min.Add(size)
	}
	return best, l.must
}

func overlaps(b vg.Rectangle, others []vg.Rectangle) (n int) {
	for _, o := range others {
		if b.Min.X < o.Max.X && o.Min.X < b.Max.X && b.Min.Y < o.Max.Y && o.Min.Y < b.Max.Y {
			n++
		}
	}
	return n
}

// around is the square within a distance of a point.
func around(p vg.Point, distance vg.Length) vg.Rectangle {
	d := vg.Point{X: distance, Y: distance}
	return vg.Rectangle{Min: p.Sub(d), Max: p.Add(d)}
}
