package history

// Quantity describes what a run records beside losses, weights and metrics, such as the gates of an architecture or the cosines between task
// gradients: a table of numbers, a list where Columns is empty, one number where Rows is empty too.
type Quantity struct {
	Name    string   `json:"name"`
	Rows    []string `json:"rows,omitempty"`
	Columns []string `json:"columns,omitempty"`
}

// Size is how many numbers the quantity has.
func (q Quantity) Size() int { return max(1, len(q.Rows)) * max(1, len(q.Columns)) }

// Quantity returns the description of a recorded quantity.
func (h *History) Quantity(name string) (q Quantity, found bool) {
	for _, q := range h.Run.Quantities {
		if q.Name == name {
			return q, true
		}
	}
	return Quantity{}, false
}

// Values returns a quantity over the steps; each value is row by row, as long as Quantity.Size.
func (h *History) Values(name string) (steps []float64, values [][]float64) {
	for _, r := range h.Records {
		if v, ok := r.Values[name]; ok {
			steps, values = append(steps, float64(r.Step)), append(values, v)
		}
	}
	return steps, values
}
