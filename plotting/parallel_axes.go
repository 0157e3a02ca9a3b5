package plotting

import (
	"slices"

	"github.com/gomtl/gomtl/mtl/study"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// upright is one axis: what it measures, and the names of its ticks where its values are their numbers.
type upright struct {
	scale
	name   string
	of     func(*study.Group) float64
	titles []string
}

func (p *parallel) columns() (columns []upright) {
	settings := p.settings()
	if len(p.methods) > 1 {
		m := upright{name: "method", of: func(g *study.Group) float64 { return float64(slices.Index(p.methods, g.Setting.Method)) }}
		m.scale = scale{low: 0, high: float64(len(p.methods) - 1)}
		for _, method := range p.methods {
			m.titles = append(m.titles, methodName(method))
		}
		columns = append(columns, m)
	}
	for _, q := range slices.Concat(weights(settings, p.TaskNames()), hyperparameters(settings)) {
		columns = append(columns, upright{
			name: q.name, of: func(g *study.Group) float64 { return q.of(g.Setting) }, scale: settingScale(q.values(settings), q.weight),
		})
	}
	add := func(r result, name string) {
		var values []float64
		for _, i := range p.lines {
			values = append(values, r.of(p.groups[i]))
		}
		columns = append(columns, upright{name: name, of: r.of, scale: r.scale(values)})
	}
	for i, objective := range p.Objectives {
		add(p.objectiveResult(i), objective.Task+" "+objective.Figure())
	}
	if p.alone != nil {
		r, err := p.result("")
		if err == nil {
			add(r, "Δm %")
		}
	}
	return columns
}

func (p *parallel) drawName(c draw.Canvas, name string, x, top vg.Length) {
	style := regular(9, ink)
	if p.narrow() {
		bottom := top + 14
		if p.crowded() {
			bottom = top + 38
		}
		name = style.fit(name, 94)
		style.drawUpwards(c, x+3, bottom+style.width(name)/2, name)
		return
	}
	lines := style.wrap(name, p.pitch-6)
	if len(lines) > 2 {
		lines = []string{lines[0], style.fit(lines[1]+"…"+lines[len(lines)-1], p.pitch-6)}
	}
	for i, text := range lines {
		style.draw(c, x, top+8+11*vg.Length(len(lines)-1-i), 0.5, text)
	}
}

// drawTicks writes values beside an axis; where axes are close, the ends alone, above and below.
func (p *parallel) drawTicks(c draw.Canvas, k int, x vg.Length, y func(float64) vg.Length) {
	u := p.uprights[k]
	if len(p.lines) == 0 && u.marked == nil && u.titles == nil {
		return
	}
	if p.narrow() && u.titles == nil {
		style := regular(7.5, softInk)
		low, high := u.low, u.high
		if u.zero {
			low = 0
		}
		if u.flip {
			low, high = high, low
		}
		bottom, top := formatValue(low), formatValue(high)
		if p.crowded() {
			style.drawUpwards(c, x+3, y(low)-5-style.width(bottom)/2, bottom)
			style.drawUpwards(c, x+3, y(high)+6+style.width(top)/2, top)
			return
		}
		style.draw(c, x, y(low)-10, 0.5, bottom)
		style.draw(c, x, y(high)+4, 0.5, top)
		return
	}
	style := upStyle()
	for _, t := range u.upTicks() {
		if t.label == "" {
			continue
		}
		text := style.fit(t.label, p.pitch-8)
		left := x + 3
		if u.titles != nil {
			text = style.fit(t.label, p.left-8)
			left = x - 5 - style.width(text)
		}
		b := vg.Rectangle{Min: vg.Point{X: left, Y: y(t.value) - 5}}
		b.Max = b.Min.Add(vg.Point{X: style.width(text) + 2, Y: 10})
		c.SetColor(labelGround)
		c.Fill(b.Path())
		line(c, draw.LineStyle{Color: axisLine, Width: 0.75}, vg.Point{X: x - 2, Y: y(t.value)}, vg.Point{X: x + 2, Y: y(t.value)})
		style.draw(c, b.Min.X+1, y(t.value)-style.middle(), 0, text)
	}
}

// upTicks are those that have room.
func (u upright) upTicks() []tick {
	if u.titles != nil {
		var ticks []tick
		for i, title := range u.titles {
			ticks = append(ticks, tick{float64(i), title})
		}
		return u.sparse(ticks, parallelTall, func(tick) vg.Length { return 11 })
	}
	return u.sparse(u.ticks(5, 0), parallelTall, func(tick) vg.Length { return 12 })
}
