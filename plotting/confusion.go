package plotting

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Confusion draws a confusion matrix: a row for each true class, a column for each predicted one, the number of examples in
// each cell, and a shade for the share of the row, so that rare classes are as visible as common ones.
type Confusion struct {
	Title string // "Confusion matrix" when empty
	Task  int    // the task's position in its run, for its colour
}

// Figure draws counts, where counts[t][p] examples of class t were predicted as class p. classes names them; nil gives their
// indices. The heading has the accuracy.
func (o Confusion) Figure(counts [][]float64, classes []string) *Figure {
	n := len(counts)
	if classes == nil {
		for i := range n {
			classes = append(classes, strconv.Itoa(i))
		}
	}
	if len(classes) != n {
		return failed("confusion matrix: want one class name a row, got %d names for %d rows", len(classes), n)
	}
	m := matrix{counts: counts, classes: classes, sums: make([]float64, n), color: taskLook(o.Task).color}
	var correct, total float64
	for t, row := range counts {
		if len(row) != n {
			return failed("confusion matrix: want %d columns in each of the %d rows, got %d in row %d", n, n, len(row), t)
		}
		for p, v := range row {
			if !isFinite(v) || v < 0 {
				return failed("confusion matrix: want counts of at least 0, got %g in row %d, column %d", v, t, p)
			}
			m.sums[t] += v
		}
		correct, total = correct+row[t], total+m.sums[t]
	}
	if !isFinite(total) {
		return failed("confusion matrix: want counts whose sum is a number, got more than %g", math.MaxFloat64)
	}
	title, subtitle := orDefault(o.Title, "Confusion matrix"), "no examples"
	if total > 0 {
		subtitle = fmt.Sprintf("accuracy %.1f %%, %s examples", 100*correct/total, formatCount(total))
	}
	return m.figure(title, subtitle)
}

// CountConfusion counts the confusion matrix of true and predicted class indices. Pairs with an index outside 0 to classes−1, such
// as the −1 of a missing label, are not counted.
func CountConfusion[I ~int | ~int32 | ~int64 | ~uint8](truth, prediction []I, classes int) ([][]float64, error) {
	if len(truth) != len(prediction) {
		return nil, fmt.Errorf("plotting: confusion matrix: want as many predictions as true classes, got %d and %d", len(prediction), len(truth))
	}
	counts := make([][]float64, classes)
	for i := range counts {
		counts[i] = make([]float64, classes)
	}
	for i := range truth {
		t, p := int(truth[i]), int(prediction[i])
		if t >= 0 && t < classes && p >= 0 && p < classes {
			counts[t][p]++
		}
	}
	return counts, nil
}

type matrix struct {
	counts  [][]float64
	classes []string
	sums    []float64 // of each row
	color   color.RGBA
}

const (
	barWidth    = vg.Length(9)
	barGap      = vg.Length(16)
	barTickRoom = vg.Length(46)
)

func (m matrix) figure(title, subtitle string) *Figure {
	n := vg.Length(max(1, len(m.classes)))
	cell := min(40, 400/n)
	size := cell * n
	names := tickStyle()
	nameWidth := vg.Length(0)
	for _, class := range m.classes {
		nameWidth = max(nameWidth, min(names.width(class), 90))
	}
	upright := nameWidth > cell-3 // column names do not fit side by side
	below := vg.Length(14)
	if upright {
		below = nameWidth + 7
	}
	left := margin + axisLabelWidth + nameWidth + 7
	width := max(left+size+barGap+barWidth+barTickRoom+margin, 300)
	width = max(width, 2*margin+10+titleStyle().width(title)+regular(10, softInk).width(subtitle))
	height := 2*margin + titleHeight + 8 + size + below + axisLabelHeight + 4
	return &Figure{width: width, height: height, text: title + ": " + subtitle + ".", paint: func(c draw.Canvas) {
		drawHeading(c, title, subtitle)
		area := vg.Rectangle{Max: vg.Point{Y: c.Max.Y - margin - titleHeight - 8}}
		area.Min = vg.Point{X: c.Min.X + left, Y: area.Max.Y - size}
		area.Max.X = area.Min.X + size
		m.drawCells(c, area, cell)
		m.drawNames(c, area, cell, nameWidth, upright)
		labelStyle().draw(c, (area.Min.X+area.Max.X)/2, c.Min.Y+margin+1, 0.5, "predicted class")
		labelStyle().drawUpwards(c, c.Min.X+margin+9, (area.Min.Y+area.Max.Y)/2, "true class")
		m.drawBar(c, area)
	}}
}

func (m matrix) drawCells(c draw.Canvas, area vg.Rectangle, cell vg.Length) {
	style := regular(min(10, cell*0.42), ink)
	for t, row := range m.counts {
		for p, count := range row {
			share := 0.0
			if m.sums[t] > 0 {
				share = count / m.sums[t]
			}
			fill := m.shade(share)
			x, y := area.Min.X+cell*vg.Length(p), area.Max.Y-cell*vg.Length(t+1)
			box := vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + cell, Y: y + cell}}
			c.SetColor(fill)
			c.Fill(box.Path())
			label := formatCount(count)
			if count > 0 && style.face.Font.Size >= 6 && style.width(label) <= cell-2 {
				style.color = textOn(fill)
				style.draw(c, x+cell/2, y+cell/2-style.middle(), 0.5, label)
			}
		}
	}
	c.SetLineStyle(draw.LineStyle{Color: axisLine, Width: 0.75})
	c.Stroke(area.Path())
}

// drawNames writes every name that has room: all of them up to about 40 classes.
func (m matrix) drawNames(c draw.Canvas, area vg.Rectangle, cell, width vg.Length, upright bool) {
	style := tickStyle()
	every := max(1, int(math.Ceil(float64(style.face.Font.Size/cell))))
	for i := 0; i < len(m.classes); i += every {
		name := style.fit(m.classes[i], width)
		center := cell * (vg.Length(i) + 0.5)
		style.draw(c, area.Min.X-5, area.Max.Y-center-style.middle(), 1, name)
		if upright {
			style.drawUpwards(c, area.Min.X+center+style.middle(), area.Min.Y-5-style.width(name)/2, name)
		} else {
			style.draw(c, area.Min.X+center, area.Min.Y-12, 0.5, name)
		}
	}
}

// drawBar explains the shades.
func (m matrix) drawBar(c draw.Canvas, area vg.Rectangle) {
	height := min(area.Max.Y-area.Min.Y, 160)
	x, bottom := area.Max.X+barGap, area.Max.Y-height
	const parts = 32
	for i := range parts {
		c.SetColor(m.shade((float64(i) + 0.5) / parts))
		y := bottom + height*vg.Length(i)/parts
		c.Fill(vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + barWidth, Y: y + height/parts + 0.3}}.Path())
	}
	for _, percent := range []int{0, 50, 100} {
		y := bottom + height*vg.Length(percent)/100 - tickStyle().face.Font.Size*vg.Length(percent)/100*0.72
		tickStyle().draw(c, x+barWidth+4, y, 0, fmt.Sprintf("%d %%", percent))
	}
	tickStyle().drawUpwards(c, x+barWidth+barTickRoom-4, bottom+height/2, "share of row")
}

// shade runs from paper to the task's colour, made darker so that every colour of the palette ends dark.
func (m matrix) shade(share float64) color.RGBA {
	return blend(paper, blend(m.color, ink, 0.25), share)
}

// textOn is ink or paper, whichever reads better on fill (relative luminance after WCAG 2).
func textOn(fill color.RGBA) color.RGBA {
	linear := func(v uint8) float64 { return math.Pow(float64(v)/255, 2.2) }
	if 0.2126*linear(fill.R)+0.7152*linear(fill.G)+0.0722*linear(fill.B) > 0.2 {
		return ink
	}
	return paper
}

func formatCount(v float64) string {
	if v == math.Trunc(v) && v < 1e6 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
