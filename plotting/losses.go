package plotting

import (
	"fmt"

	"github.com/gomtl/gomtl/mtl/history"
)

// Losses draws every task's loss over the steps of a run: one panel a task, as tasks' losses have different units; the
// smoothed training loss over the faint recorded one, and the validation loss with the task's marker.
type Losses struct {
	Title string // "Loss per task" when empty
	Log   bool   // logarithmic losses, for runs whose first steps dwarf the rest; a loss of 0 or less is then a gap
	// Smoothing is the standard deviation of the smoothing kernel as a share of the shown steps: 0.015 when 0, none when negative.
	Smoothing float64
}

// Figure draws the run h.
func (l Losses) Figure(h *history.History) *Figure {
	curves := l.Start(h.Run)
	for _, r := range h.Records {
		curves.Add(r)
	}
	return curves.Figure()
}

// Start begins a figure that grows with the run: see LossCurves.
func (l Losses) Start(run history.Run) *LossCurves {
	c := &LossCurves{config: l, run: run, train: make([]reduction, len(run.Tasks)), validation: make([]reduction, len(run.Tasks))}
	columns, _ := gridOf(len(run.Tasks)) // narrow panels need fewer points
	for i := range run.Tasks {
		c.train[i].limit, c.validation[i].limit = maxBuckets/columns, maxBuckets/columns
	}
	return c
}

// LossCurves collects a run's losses record by record in bounded memory, for figures of a run in progress. Figure costs the
// same after a million records as after a thousand. It is not safe for concurrent use, but the figures it returns are its own.
type LossCurves struct {
	config            Losses
	run               history.Run
	train, validation []reduction // by task
}

// Add appends one record; records of other splits than train and validation are ignored.
func (c *LossCurves) Add(r history.Record) {
	var into []reduction
	switch r.Split {
	case history.Train:
		into = c.train
	case history.Validation:
		into = c.validation
	default:
		return
	}
	for i, task := range c.run.Tasks {
		if loss, ok := r.Loss[task.Name]; ok {
			into[i].add(float64(r.Step), loss)
		}
	}
}

// Figure draws the records so far.
func (c *LossCurves) Figure() *Figure {
	p := panels{title: orDefault(c.config.Title, "Loss per task"), subtitle: c.run.Name}
	neutral := softInk
	trained, validated := false, false
	var words []string
	for i, task := range c.run.Tasks {
		look := taskLook(i)
		a := axes{title: task.Name, color: look.color, marker: look.marker, xLabel: "step", counts: true, yLabel: "loss", log: c.config.Log}
		if raw := c.train[i].points(); len(raw) > 0 {
			smoothed := c.config.smoothed(&c.train[i])
			a.curves = append(a.curves,
				curve{points: raw, color: blend(look.color, paper, 0.68), width: 0.9},
				curve{points: smoothed, color: look.color, width: 1.8})
			trained = true
		}
		if points := c.validation[i].points(); len(points) > 0 {
			a.curves = append(a.curves, curve{points: points, color: blend(look.color, ink, 0.35), width: 1.1, dashes: validationDashes, marker: look.marker, spacing: 6})
			validated = true
		}
		if values := c.lastValues(i); values != "" {
			words = append(words, task.Name+values)
		}
		p.axes = append(p.axes, a)
	}
	if trained {
		p.legend = append(p.legend,
			entry{name: "train, smoothed", sample: curve{color: neutral, width: 1.8}},
			entry{name: "train, as recorded", sample: curve{color: blend(neutral, paper, 0.6), width: 0.9}})
	}
	if validated {
		p.legend = append(p.legend, entry{name: "validation", sample: curve{color: ink, width: 1.1, dashes: validationDashes, marker: markers[0]}})
	}
	return p.figure(words)
}

func (l Losses) smoothed(r *reduction) []xy {
	ps := r.means()
	share := l.Smoothing
	if share == 0 {
		share = 0.015
	}
	if share < 0 || len(ps) < 2 {
		return ps
	}
	low, high := xRange(ps)
	fit := func(ps []xy) []xy { return smooth(ps, share*(high-low)) }
	if l.Log {
		return inLog(ps, fit)
	}
	return fit(ps)
}

func xRange(ps []xy) (low, high float64) {
	first := true
	for _, p := range ps {
		if p.isGap() {
			continue
		}
		if first {
			low, first = p.x, false
		}
		high = p.x
	}
	return low, high
}

func (c *LossCurves) lastValues(i int) string {
	words := ""
	if v, ok := c.train[i].last(); ok {
		words += fmt.Sprintf(" train %.4g", v)
	}
	if v, ok := c.validation[i].last(); ok {
		words += fmt.Sprintf(" validation %.4g", v)
	}
	return words
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
