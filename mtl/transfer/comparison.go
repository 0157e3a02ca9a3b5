package transfer

import (
	"fmt"
	"io"
	"strings"

	"github.com/gomtl/gomtl/mtl/internal/text"
	"github.com/gomtl/gomtl/mtl/study"
)

// Comparison is what Compare found: a metric of the target task by way of training and number of labels.
type Comparison struct {
	Task, Metric   string
	HigherIsBetter bool
	Labels         []int
	Ways           []string
	Seeds          []int64
	// Values are [way][labels][seed]; after an error some are missing.
	Values [][][]float64
}

// Interval is the mean over seeds of a way on Labels[at], with its 95 % interval.
func (c *Comparison) Interval(way, at int) study.Interval {
	return study.NewInterval(c.Values[way][at])
}

// Best is the way with the best mean on Labels[at], -1 without any value.
func (c *Comparison) Best(at int) int {
	best := -1
	for way := range c.Ways {
		v := c.Interval(way, at)
		if v.N == 0 {
			continue
		}
		if best < 0 || v.Mean != c.Interval(best, at).Mean && (v.Mean > c.Interval(best, at).Mean) == c.HigherIsBetter {
			best = way
		}
	}
	return best
}

// WriteMarkdown writes a table: a row a way, a column a number of labels, means over seeds with their 95 % intervals, the best of each column marked *.
func (c *Comparison) WriteMarkdown(w io.Writer) error {
	arrow := "↓"
	if c.HigherIsBetter {
		arrow = "↑"
	}
	table := [][]string{{fmt.Sprintf("%s %s %s", c.Task, c.Metric, arrow)}}
	for _, n := range c.Labels {
		table[0] = append(table[0], fmt.Sprintf("%d labels", n))
	}
	for way, name := range c.Ways {
		row := []string{name}
		for at := range c.Labels {
			cell := c.Interval(way, at).String()
			if c.Best(at) == way {
				cell += " *"
			}
			row = append(row, cell)
		}
		table = append(table, row)
	}
	_, err := fmt.Fprintf(w, "%s\n* best mean. Means over %d seeds; ± is their 95 %% interval.\n", text.Markdown(table, 1), len(c.Seeds))
	return err
}

// String is the Markdown.
func (c *Comparison) String() string {
	var b strings.Builder
	_ = c.WriteMarkdown(&b) // a Builder does not fail
	return b.String()
}
