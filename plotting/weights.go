package plotting

import (
	"fmt"
	"strings"

	"github.com/gomtl/gomtl/mtl/history"
)

// Weights draws the weight of every task in the training objective over the steps of a run, all tasks on one axes that starts
// at 0: weights are numbers of one kind, and their ratio is what matters.
type Weights struct {
	Title string // "Task weights" when empty
	Log   bool   // logarithmic weights
}

// Figure draws the run h.
func (w Weights) Figure(h *history.History) *Figure {
	a := axes{xLabel: "step", counts: true, yLabel: "weight", log: w.Log, fromZero: !w.Log}
	p := panels{title: orDefault(w.Title, "Task weights"), subtitle: describe(h.Run)}
	var words []string
	for i, task := range h.TaskNames() {
		look := taskLook(i)
		series := h.Weight(task)
		r := reduce(series.Steps, series.Values)
		c := curve{points: r.points(), color: look.color, width: 1.6, dashes: look.dashes, marker: look.marker, spacing: 70, offset: overlayOffset(i)}
		a.curves = append(a.curves, c)
		p.legend = append(p.legend, entry{name: task, sample: c})
		if v, ok := r.last(); ok {
			words = append(words, fmt.Sprintf("%s %.4g", task, v))
		}
	}
	p.axes = []axes{a}
	return p.figure(words)
}

// overlayOffset shifts the markers of the curve number i, so that those of curves on top of each other can all be seen.
func overlayOffset(i int) float64 { return float64(i*5%12) / 12 }

func describe(run history.Run) string {
	var parts []string
	for _, part := range []string{run.Name, run.Weighting} {
		if part != "" && (len(parts) == 0 || !strings.Contains(parts[0], part)) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}
