// Package report writes a run's or a sweep's figures and one HTML page that holds them all, for people without a notebook.
package report

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/plotting"
)

// Page is the name of the HTML page.
const Page = "report.html"

// named is a figure and the name of its files, without extension.
type named struct {
	Name   string
	Figure *plotting.Figure
}

// page is what a page shows, from top to bottom.
type page struct {
	Title   string
	Text    []string // paragraphs
	Tables  []plotting.Table
	Figures []named
	More    []plotting.Table
}

// Write makes the folder dir and writes the run's figures into it, each as SVG and PNG, and the page, which needs no other file.
// It returns the paths of what it wrote, the page first.
func Write(h *history.History, dir string) (files []string, err error) {
	title := h.Run.Name
	if title == "" {
		title = "A run"
	}
	return page{Title: title, Tables: []plotting.Table{results(h), description(h)}, Figures: figuresOf(h)}.write(dir)
}

// write makes the folder and writes the page and its figures.
func (p page) write(dir string) (files []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("report: cannot make the folder for the figures of %q: %w", p.Title, err)
	}
	content, err := p.html()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, Page)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return nil, fmt.Errorf("report: cannot write the page: %w", err)
	}
	files = append(files, path)
	for _, f := range p.Figures {
		for _, extension := range []string{".svg", ".png"} {
			path := filepath.Join(dir, f.Name+extension)
			if err := f.Figure.Save(path); err != nil {
				return files, fmt.Errorf("report: cannot write the figure %s: %w", f.Name, err)
			}
			files = append(files, path)
		}
	}
	return files, nil
}

func (p page) html() ([]byte, error) {
	content := struct {
		Title string
		Text  []string
		Parts []template.HTML
	}{Title: p.Title, Text: p.Text}
	var parts []interface{ WriteHTML(io.Writer) error }
	for _, table := range p.Tables {
		parts = append(parts, table)
	}
	for _, f := range p.Figures {
		parts = append(parts, f.Figure)
	}
	for _, table := range p.More {
		parts = append(parts, table)
	}
	for _, part := range parts {
		var out bytes.Buffer
		if err := part.WriteHTML(&out); err != nil {
			return nil, err
		}
		content.Parts = append(content.Parts, template.HTML(out.String())) // escaped by Table and Figure
	}
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, content)
	return out.Bytes(), err
}

// figuresOf leaves out figures of what the run did not record.
func figuresOf(h *history.History) []named {
	figures := []named{
		{"losses", plotting.Losses{}.Figure(h)},
		{"losses-log", plotting.Losses{Title: "Loss per task, logarithmic", Log: true}.Figure(h)},
	}
	if slices.ContainsFunc(h.Records, func(r history.Record) bool { return len(r.Weight) > 0 }) {
		figures = append(figures, named{"weights", plotting.Weights{}.Figure(h)})
	}
	for _, split := range []string{history.Validation, history.Train} {
		if slices.ContainsFunc(h.Records, func(r history.Record) bool { return r.Split == split && len(r.Metric) > 0 }) {
			figures = append(figures, named{"metrics-" + split, plotting.Metrics{Split: split}.Figure(h)})
		}
	}
	return figures
}

var pageTemplate = template.Must(template.New(Page).Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 47rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
table { font-size: 0.93rem; }
img { display: block; margin: 1rem 0; }
.wide { overflow-x: auto; }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
{{range .Text}}<p>{{.}}</p>
{{end}}{{range .Parts}}<div class="wide">{{.}}</div>
{{end}}
</body>
</html>
`))

// results is a table of every task's newest loss and metrics on each split of which the run has records.
func results(h *history.History) plotting.Table {
	t := plotting.Table{Title: "Results", Header: []string{"task", "figure"}}
	var last []*history.Record
	for _, split := range []string{history.Train, history.Validation, history.Test} {
		if r := h.Last(split); r != nil {
			last = append(last, r)
			t.Header = append(t.Header, fmt.Sprintf("%s, step %d", split, r.Step))
		}
	}
	for _, task := range h.Run.Tasks {
		row := []any{task.Name, "loss"}
		for _, r := range last {
			row = append(row, valueIn(r.Loss, task.Name))
		}
		t.Rows = append(t.Rows, row)
		for _, metric := range metricNames(task, last) {
			row := []any{"", metric}
			for _, r := range last {
				row = append(row, valueIn(r.Metric[task.Name], metric))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// valueIn is nil, which a table shows as a dash, where there is no value.
func valueIn(values map[string]float64, name string) any {
	if v, ok := values[name]; ok {
		return v
	}
	return nil
}

// metricNames has the metrics in the task's order, then others in the records.
func metricNames(task history.Task, records []*history.Record) (names []string) {
	for _, m := range task.Metrics {
		names = append(names, m.Name)
	}
	for _, r := range records {
		for _, name := range slices.Sorted(maps.Keys(r.Metric[task.Name])) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func description(h *history.History) plotting.Table {
	run := h.Run
	t := plotting.Table{Title: "Run"}
	add := func(name, value string) {
		if value != "" {
			t.Rows = append(t.Rows, []any{name, value})
		}
	}
	if !run.Created.IsZero() {
		add("started", run.Created.Format(time.DateTime))
	}
	steps, seconds := 0, 0.0
	for _, r := range h.Records {
		steps, seconds = max(steps, r.Step), max(seconds, r.Seconds)
	}
	add("steps", fmt.Sprintf("%d of %d", steps, run.Steps))
	add("training time", time.Duration(seconds*float64(time.Second)).Round(time.Second/10).String())
	add("batch size", fmt.Sprint(run.BatchSize))
	add("seed", fmt.Sprint(run.Seed))
	add("weighting", run.Weighting)
	add("optimizer", run.Optimizer)
	add("backend", run.Backend)
	add("execution", run.Execution)
	var versions []string
	for _, name := range slices.Sorted(maps.Keys(run.Versions)) {
		versions = append(versions, name+" "+run.Versions[name])
	}
	add("versions", strings.Join(versions, ", "))
	return t
}
