package study

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gomtl/gomtl/mtl/internal/text"
)

// Table is the study as header and rows: a setting a row, each objective with its 95 % interval over seeds, Δm under both definitions where there are
// baselines, and what the setting is: * on the Pareto front, "chosen", its "knee", "best" of a task, dropped or failed. The tasks trained alone come first.
func (s *Study) Table() (header []string, rows [][]string) {
	header = []string{"setting", "seeds"}
	for _, o := range s.Objectives {
		header = append(header, o.String())
	}
	alone := s.Alone()
	if alone != nil {
		header = append(header, "Δm task-mean % ↑", "Δm metric-mean % ↓")
		row := []string{"each task alone", fmt.Sprint(alone[0].N)}
		for _, v := range alone {
			row = append(row, v.String())
		}
		rows = append(rows, append(row, "0", "0", ""))
	}
	header = append(header, "")
	groups := s.Groups()
	remarks := s.remarks(groups)
	for i, g := range groups {
		row := []string{g.Setting.Label(), fmt.Sprint(len(g.Judged()))}
		for _, v := range g.Values {
			row = append(row, v.String())
		}
		if alone != nil {
			row = append(row, percent(g.TaskMean), percent(g.MetricMean))
		}
		rows = append(rows, append(row, remarks[i]))
	}
	return header, rows
}

// remarks say what is special about each group.
func (s *Study) remarks(groups []*Group) []string {
	words := make([][]string, len(groups))
	add := func(i int, word string) { words[i] = append(words[i], word) }
	for _, i := range s.Front(groups) {
		add(i, "*")
	}
	if c := s.Choose(); c != nil {
		add(c.Index, "chosen")
	}
	if i := s.bend(groups); i >= 0 {
		add(i, "knee")
	}
	for k, o := range s.Objectives {
		if i := s.Best(groups, k); i >= 0 {
			add(i, "best "+o.Task)
		}
	}
	for i, g := range groups {
		for k, o := range s.Objectives {
			if lost := len(g.Judged()) - g.Values[k].N; lost > 0 {
				add(i, fmt.Sprintf("%d without %s %s", lost, o.Task, o.Figure()))
			}
		}
		counts := map[State]int{}
		at := 0
		for _, t := range g.Trials {
			counts[t.State]++
			at = max(at, t.Step)
		}
		for _, state := range []State{Failed, Dropped, Paused, Running, Pending} {
			switch n := counts[state]; {
			case n == 0:
			case state == Dropped:
				add(i, fmt.Sprintf("dropped at step %d", at))
			case n < len(g.Trials):
				add(i, fmt.Sprintf("%d %s", n, state))
			default:
				add(i, string(state))
			}
		}
	}
	texts := make([]string, len(groups))
	for i := range words {
		texts[i] = strings.Join(words[i], ", ")
	}
	return texts
}

func percent(i Interval) string {
	switch {
	case i.N == 0:
		return "–"
	case i.N == 1:
		return fmt.Sprintf("%+.1f", i.Mean)
	}
	return fmt.Sprintf("%+.1f ± %.1f", i.Mean, i.Half)
}

// WriteMarkdown writes the table, the hypervolume and the choice.
func (s *Study) WriteMarkdown(w io.Writer) error {
	header, rows := s.Table()
	var b strings.Builder
	b.WriteString(text.Markdown(append([][]string{header}, rows...), 1))
	groups := s.Groups()
	if len(s.Front(groups)) > 0 {
		fmt.Fprintf(&b, "\n* on the Pareto front. %s. Judged on %s; ± is the 95 %% interval of the mean over seeds.\n", s.volume(groups), s.Split)
	}
	if c := s.Choose(); c != nil {
		b.WriteString("\nChosen: " + c.Reason + "\n")
	} else if slices.ContainsFunc(groups, (*Group).Complete) {
		b.WriteString("\nNone is chosen: no setting that ran to the end has a finite figure of each task.\n")
	}
	for _, t := range s.Trials {
		if t.State == Failed {
			fmt.Fprintf(&b, "\nFailed: %s: %s\n", t.Name(), t.Error)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// volume is the hypervolume in words.
func (s *Study) volume(groups []*Group) string {
	volume, reference, err := s.Hypervolume(groups)
	if err != nil {
		return "No hypervolume: " + err.Error()
	}
	upTo := make([]string, len(reference))
	for i, v := range reference {
		upTo[i] = fmt.Sprintf("%s %.4g", s.Objectives[i].Task, v)
	}
	return fmt.Sprintf("Hypervolume %.4g up to (%s)", volume, strings.Join(upTo, ", "))
}

// String is the Markdown.
func (s *Study) String() string {
	var b strings.Builder
	_ = s.WriteMarkdown(&b) // a Builder does not fail
	return b.String()
}
