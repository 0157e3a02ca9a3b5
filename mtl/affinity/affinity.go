// Package affinity has what is known of how tasks go together, a table of numbers, and the search for groups of tasks to train together. Package mtl/relate measures such
// tables. It imports the standard library only, so that tables and figures can use it without GoMLX.
package affinity

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Matrix says how much tasks have to do with each other: Values[i][j] is what task i does for task j, or how alike they are.
type Matrix struct {
	Tasks  []string    `json:"tasks"`
	Values [][]float64 `json:"values"`
	// Symmetric tells that Values[i][j] and Values[j][i] are the same by definition.
	Symmetric bool `json:"symmetric"`
	// Measures says in a few words what the values are, such as "cosine of task gradients".
	Measures string `json:"measures"`
}

// New is a matrix of zeros.
func New(measures string, symmetric bool, tasks ...string) *Matrix {
	m := &Matrix{Tasks: slices.Clone(tasks), Measures: measures, Symmetric: symmetric}
	for range tasks {
		m.Values = append(m.Values, make([]float64, len(tasks)))
	}
	return m
}

// Check tells what is wrong with a matrix that somebody made: its size, names that are not unique, or a symmetric one that is not. Values may be NaN where they are
// not known.
func (m *Matrix) Check() error {
	if len(m.Tasks) == 0 || len(m.Values) != len(m.Tasks) {
		return fmt.Errorf("affinity: want a row for each task and at least one, got %d rows for the tasks %q", len(m.Values), m.Tasks)
	}
	for i, row := range m.Values {
		if len(row) != len(m.Tasks) {
			return fmt.Errorf("affinity: want %d values in each row, got %d in that of %q", len(m.Tasks), len(row), m.Tasks[i])
		}
		if slices.Contains(m.Tasks[:i], m.Tasks[i]) {
			return fmt.Errorf("affinity: two tasks have the name %q", m.Tasks[i])
		}
		for j := range i {
			if a, b := m.Values[i][j], m.Values[j][i]; m.Symmetric && differ(a, b) {
				return fmt.Errorf("affinity: a symmetric matrix has %g from %q to %q and %g back", a, m.Tasks[i], m.Tasks[j], b)
			}
		}
	}
	return nil
}

// differ compares two values that should be equal, where both are known.
func differ(a, b float64) bool {
	d := math.Abs(a - b)
	return math.IsInf(d, 0) || d > 1e-6*(math.Abs(a)+math.Abs(b))
}

// Of is the value from one task to another, NaN where there is no such task.
func (m *Matrix) Of(from, to string) float64 {
	i, j := slices.Index(m.Tasks, from), slices.Index(m.Tasks, to)
	if i < 0 || j < 0 {
		return math.NaN()
	}
	return m.Values[i][j]
}

// Mean of several matrices of the same tasks, such as one for each seed.
func Mean(matrices ...*Matrix) (*Matrix, error) {
	if len(matrices) == 0 {
		return nil, fmt.Errorf("affinity: want at least one matrix for a mean, got none")
	}
	first := matrices[0]
	mean := New(first.Measures, first.Symmetric, first.Tasks...)
	for _, m := range matrices {
		if err := m.Check(); err != nil {
			return nil, err
		}
		if !slices.Equal(m.Tasks, first.Tasks) {
			return nil, fmt.Errorf("affinity: want the same tasks in all matrices of a mean, got %q and %q", first.Tasks, m.Tasks)
		}
		for i, row := range m.Values {
			for j, v := range row {
				mean.Values[i][j] += v / float64(len(matrices))
			}
		}
	}
	return mean, nil
}

// Pairs are the values of all pairs of different tasks, row by row; of a symmetric matrix each pair once.
func (m *Matrix) Pairs() (values []float64) {
	for i, row := range m.Values {
		for j, v := range row {
			if i != j && !(m.Symmetric && j < i) {
				values = append(values, v)
			}
		}
	}
	return values
}

// From lists the other tasks by what they do for a task, best first: which to learn from.
func (m *Matrix) From(task string) []string {
	j := slices.Index(m.Tasks, task)
	if j < 0 {
		return nil
	}
	var others []int
	for i := range m.Tasks {
		if i != j {
			others = append(others, i)
		}
	}
	slices.SortStableFunc(others, func(a, b int) int {
		switch x, y := m.Values[a][j], m.Values[b][j]; {
		case x > y || math.IsNaN(y) && !math.IsNaN(x):
			return -1
		case x < y || math.IsNaN(x) && !math.IsNaN(y):
			return 1
		}
		return 0
	})
	names := make([]string, len(others))
	for k, i := range others {
		names[k] = m.Tasks[i]
	}
	return names
}

// String is a table for people.
func (m *Matrix) String() string {
	var b strings.Builder
	width := 7
	for _, name := range m.Tasks {
		width = max(width, len([]rune(name)))
	}
	fmt.Fprintf(&b, "%s", m.Measures)
	if !m.Symmetric {
		fmt.Fprint(&b, ", from the row's task to the column's")
	}
	fmt.Fprintf(&b, "\n%*s", width, "")
	for _, name := range m.Tasks {
		fmt.Fprintf(&b, " %*s", width, name)
	}
	for i, row := range m.Values {
		fmt.Fprintf(&b, "\n%-*s", width, m.Tasks[i])
		for _, v := range row {
			fmt.Fprintf(&b, " %*.3f", width, v)
		}
	}
	b.WriteByte('\n')
	return b.String()
}
