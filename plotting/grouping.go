package plotting

import (
	"fmt"
	"strings"

	"github.com/gomtl/gomtl/mtl/affinity"
	"gonum.org/v1/plot/vg/draw"
)

// Grouping draws whether a prediction of what tasks gain in groups held: a point for each task of each grouping, its predicted gain along and its measured gain up, with lines at 0. Where
// the prediction ranks the groupings, the points rise to the right. The two axes have scales of their own, as a prediction such as TAG's is no gain in percent.
type Grouping struct {
	Title     string // "Groups of tasks: predicted and measured gain" when empty
	Predicted string // what the prediction is; "predicted gain" when empty
	Measured  string // "measured gain, %" when empty
}

// GroupingResult is a grouping with the gains of its tasks, predicted and measured, by task.
type GroupingResult struct {
	Grouping            *affinity.Grouping
	Predicted, Measured map[string]float64
}

// Figure draws the results. A task has its colour by its place in tasks, a grouping its marker.
func (o Grouping) Figure(tasks []string, results ...GroupingResult) *Figure {
	a := axes{xLabel: orDefault(o.Predicted, "predicted gain"), yLabel: orDefault(o.Measured, "measured gain, %"), margins: true}
	p := panels{title: orDefault(o.Title, "Groups of tasks: predicted and measured gain"), width: 480, areaHeight: 280}
	dashed := draw.LineStyle{Color: softInk, Width: 0.75, Dashes: validationDashes}
	var words []string
	var predicted, measured []float64
	for k, r := range results {
		if r.Grouping == nil {
			return failed("grouping: want a grouping in each result, result %d has none", k)
		}
		marker := markers[k%len(markers)]
		for i, task := range tasks {
			x, known := r.Predicted[task]
			y, trained := r.Measured[task]
			if !known || !trained || !isFinite(x) || !isFinite(y) {
				continue
			}
			predicted, measured = append(predicted, x), append(measured, y)
			a.over = append(a.over, spot{at: xy{x, y}, marker: marker, radius: 4, color: taskLook(i).color, outline: paper,
				title: fmt.Sprintf("%s in %s: predicted %s, measured %s", task, groupOf(r.Grouping, task), formatValue(x), formatValue(y))})
		}
		p.legend = append(p.legend, entry{name: groupNames(r.Grouping), sample: curve{color: softInk, marker: marker}})
	}
	for i, task := range tasks {
		p.legend = append(p.legend, entry{name: task, sample: curve{color: taskLook(i).color}, swatch: true})
	}
	if len(predicted) > 0 {
		a.under = []mark{window{{0, 0}}, rule{at: 0, style: dashed}, rule{at: 0, level: true, style: dashed}}
		if rank, err := affinity.Spearman(predicted, measured); err == nil && isFinite(rank) {
			p.subtitle = fmt.Sprintf("rank correlation %s", minus(fmt.Sprintf("%.2f", rank)))
			words = append(words, p.subtitle)
		}
		words = append(words, fmt.Sprintf("%d tasks in %d groupings", len(predicted), len(results)))
	}
	p.axes = []axes{a}
	return p.figure(words)
}

// groupOf names the tasks that one is trained with.
func groupOf(g *affinity.Grouping, task string) string {
	if at := g.Group(task); at >= 0 {
		return strings.Join(g.Groups[at].Tasks, " + ")
	}
	return "no group"
}

func groupNames(g *affinity.Grouping) string {
	var parts []string
	for _, group := range g.Groups {
		parts = append(parts, strings.Join(group.Tasks, " + "))
	}
	return strings.Join(parts, " | ")
}
