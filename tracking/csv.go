package tracking

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"strconv"

	"github.com/gomtl/gomtl/mtl/history"
)

// CSV writes each run as a table in long form, Dir/RUN.csv, one value a row:
//
//	run, split, step, epoch, seconds, kind, task, name, value
//
// The kind is learning_rate, loss, weight or metric; task is empty for the learning rate, name is the metric's and empty for other kinds. Numbers have
// all their digits; those that are not finite are NaN, +Inf and -Inf, which pandas and R read. The settings of the run are not in it.
//
// Names are written as they are, so that a program that reads the table finds the run's own. A
// spreadsheet takes a cell that begins with =, +, - or @ for a formula: where the names of runs or
// tasks are a stranger's, import the columns as text.
type CSV struct {
	Dir string // "csv" when empty

	out  output
	run  history.Run
	path string
}

var csvHeader = []string{"run", "split", "step", "epoch", "seconds", "kind", "task", "name", "value"}

// Begin starts the table of a run anew.
func (c *CSV) Begin(run history.Run) {
	c.run, c.path = run, place(cmp.Or(c.Dir, "csv"), run.Name)+".csv"
	c.out.begin(remove(c.path))
	c.rows(csvHeader)
	c.out.flush()
}

// Record adds a row for each value of a record.
func (c *CSV) Record(r history.Record) {
	var rows [][]string
	for _, v := range values(r) {
		rows = append(rows, []string{
			c.run.Name, r.Split, strconv.Itoa(r.Step), number(r.Epoch), number(r.Seconds), v.kind, v.task, v.metric, number(v.v),
		})
	}
	c.rows(rows...)
	c.out.tick()
}

func (c *CSV) rows(rows ...[]string) {
	var b bytes.Buffer
	_ = csv.NewWriter(&b).WriteAll(rows) // a buffer takes all
	c.out.add(c.path, b.Bytes())
}

// Progress writes what has waited for a second.
func (c *CSV) Progress(int, int, float64) { c.out.tick() }

// End writes the rest.
func (c *CSV) End(error) { c.out.end() }

// Err implements Writer.
func (c *CSV) Err() error { return c.out.err }

// number has as many digits as are needed to read the same float64 back.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
