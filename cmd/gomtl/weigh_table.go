package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// shown is the number of entries of a direction that the table shows.
const shown = 6

// table shows answers to people, a line a method.
func table(answers map[string]*answer) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "method\tweights\tcombined gradient\tconflicts with\titerations\tresidual")
	var failed []string
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		a := answers[name]
		if a.Error != "" {
			failed = append(failed, name)
			continue
		}
		with := "none"
		if a.Conflicts {
			with = "task " + strings.Trim(strings.ReplaceAll(fmt.Sprint(a.With), " ", ", "), "[]")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", name, numbers(a.Weights, len(a.Weights)), numbers(a.Direction, shown), with,
			optional(a.Iterations, "%.0f"), optional(a.Residual, "%.0e"))
	}
	_ = w.Flush() // a strings.Builder takes everything
	for _, name := range failed {
		fmt.Fprintf(&text, "%s: %s\n", name, answers[name].Error)
	}
	return text.String()
}

func numbers(values []float64, most int) string {
	parts := make([]string, 0, most+1)
	for i, v := range values {
		if i == most {
			parts = append(parts, fmt.Sprintf("... %d more", len(values)-most))
			break
		}
		parts = append(parts, fmt.Sprintf("%.4g", v))
	}
	return strings.Join(parts, " ")
}

func optional(value *float64, format string) string {
	if value == nil {
		return "-"
	}
	return fmt.Sprintf(format, *value)
}
