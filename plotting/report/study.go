package report

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting"
)

// WriteStudy makes the folder dir and writes the figures that suit a study into it, each as SVG and PNG, and the page, which has the choice and the table too and needs no
// other file. On the page, marks and lines say more under the mouse. It returns the paths of what it wrote, the page first.
func WriteStudy(s *study.Study, dir string) (files []string, err error) {
	p := page{Title: s.Name, More: []plotting.Table{plotting.SweepTable(s), sweepDescription(s)}}
	if p.Title == "" {
		p.Title = "A sweep"
	}
	if c := s.Choose(); c != nil {
		p.Text = append(p.Text, "Chosen: "+c.Reason)
	}
	for _, t := range slices.Concat(s.Baselines, s.Trials) {
		if t.State == study.Failed {
			p.Text = append(p.Text, fmt.Sprintf("Failed: %s: %s", t.Name(), t.Error))
		}
	}
	p.More[0].Title = "Settings: * is on the Pareto front, ± the 95 % interval of the mean over seeds"
	for _, plot := range plotting.SweepPlots(s) {
		if f := plot.Figure(s); f.Err() == nil {
			p.Figures = append(p.Figures, named{fileName(plot), f})
		}
	}
	return p.write(dir)
}

func fileName(p plotting.SweepPlot) string {
	switch p.(type) {
	case plotting.TradeOff:
		return "trade-off"
	case plotting.Chosen:
		return "chosen"
	case plotting.Simplex:
		return "simplex"
	case plotting.Response:
		return "response"
	case plotting.Parallel:
		return "parallel"
	}
	return "losses"
}

// sweepDescription is a table of what the sweep was and what it took.
func sweepDescription(s *study.Study) plotting.Table {
	t := plotting.Table{Title: "Sweep"}
	add := func(name, value string) {
		if value != "" {
			t.Rows = append(t.Rows, []any{name, value})
		}
	}
	if !s.Created.IsZero() {
		add("started", s.Created.Format(time.DateTime))
	}
	groups := s.Groups()
	add("settings", fmt.Sprintf("%d, in %d trials", len(groups), len(s.Trials)))
	add("trials of tasks alone", fmt.Sprint(len(s.Baselines)))
	add("judged on", s.Split)
	if volume, reference, err := s.Hypervolume(groups); err == nil && len(s.Front(groups)) > 0 {
		add("hypervolume", fmt.Sprintf("%.4g up to %.4g", volume, reference))
	}
	add("time", time.Duration(s.Seconds*float64(time.Second)).Round(time.Second/10).String())
	add("compiled programs", fmt.Sprintf("%d, and %d for tasks alone", s.Compilations, s.BaselineCompilations))
	add("trials at once", fmt.Sprint(s.Workers))
	for _, name := range slices.Sorted(maps.Keys(s.Fit)) {
		add(name, s.Fit[name])
	}
	return t
}
