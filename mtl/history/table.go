package history

import (
	"fmt"

	"github.com/gomtl/gomtl/mtl/internal/text"
)

// Table compares runs: a row for the last loss and metrics of each task, a column for each run, taken from the run's newest record of
// its test split, else of validation, else of training. The text is Markdown, aligned so that it reads well in a terminal too. ↑ and ↓ say
// where higher or lower is better, – stands for what a run did not record.
func Table(runs ...*History) string {
	header := []string{"task", "metric"}
	last := make([]*Record, len(runs))
	for i, h := range runs {
		name := h.Run.Name
		if name == "" {
			name = fmt.Sprintf("run %d", i+1)
		}
		for _, split := range []string{Test, Validation, Train} {
			if last[i] = h.Last(split); last[i] != nil {
				name += " (" + split + ")"
				break
			}
		}
		header = append(header, name)
	}
	rows := [][]string{header}
	for _, t := range allTasks(runs) {
		rows = append(rows, row(t.Name, "loss ↓", last, func(r *Record) (float64, bool) { v, ok := r.Loss[t.Name]; return v, ok }))
		for _, m := range t.Metrics {
			rows = append(rows, row(t.Name, m.Name+arrow(m), last, func(r *Record) (float64, bool) { v, ok := r.Metric[t.Name][m.Name]; return v, ok }))
		}
	}
	return text.Markdown(rows, 2)
}

// Printable returns s with its control characters written out, as \u001b, for a terminal: a name may
// hold what would move the cursor, set the window's title or turn the direction of the text. Line
// ends and tabs stay.
func Printable(s string) string { return text.Printable(s) }

// OneLine is Printable with spaces for line ends and tabs, for a cell of a table or a progress bar.
func OneLine(s string) string { return text.Line(s) }

func arrow(m Metric) string {
	if m.HigherIsBetter {
		return " ↑"
	}
	return " ↓"
}

// allTasks are the tasks of all runs, each with the metrics of the first run that has it.
func allTasks(runs []*History) []Task {
	var tasks []Task
	seen := map[string]bool{}
	for _, h := range runs {
		for _, t := range h.Run.Tasks {
			if !seen[t.Name] {
				seen[t.Name] = true
				tasks = append(tasks, t)
			}
		}
	}
	return tasks
}

func row(task, metric string, records []*Record, value func(r *Record) (float64, bool)) []string {
	cells := []string{task, metric}
	for _, r := range records {
		cell := "–"
		if r != nil {
			if v, ok := value(r); ok {
				cell = fmt.Sprintf("%.4g", v)
			}
		}
		cells = append(cells, cell)
	}
	return cells
}
