package relate

import (
	"fmt"
	"slices"

	"github.com/gomtl/gomtl/mtl/affinity"
	"github.com/gomtl/gomtl/mtl/history"
)

// OverRun is the mean over a run of a reported quantity whose rows and columns are the tasks, such as Affinity or Cosine, over the records from step first on. An error names the quantities
// there are.
func OverRun(h *history.History, name string, first int) (*affinity.Matrix, error) {
	q, found := h.Quantity(name)
	if !found || len(q.Rows) == 0 || !slices.Equal(q.Rows, q.Columns) {
		var names []string
		for _, other := range h.Run.Quantities {
			if len(other.Rows) > 0 && slices.Equal(other.Rows, other.Columns) {
				names = append(names, other.Name)
			}
		}
		return nil, fmt.Errorf("relate: run %q has no quantity %q by pairs of tasks; it has %q", h.Run.Name, name, names)
	}
	m := affinity.New(name, name != Affinity, q.Rows...)
	steps, values := h.Values(name)
	count := 0
	for k, step := range steps {
		if int(step) < first {
			continue
		}
		count++
		for at, v := range values[k] {
			m.Values[at/len(q.Columns)][at%len(q.Columns)] += v
		}
	}
	if count == 0 {
		return nil, fmt.Errorf("relate: quantity %q was not measured from step %d on", name, first)
	}
	for _, row := range m.Values {
		for j := range row {
			row[j] /= float64(count)
		}
	}
	return m, nil
}
