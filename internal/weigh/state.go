package weigh

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
)

// State is what a weighting sees of a step.
type State struct {
	Jacobian [][]float64   // a task's gradient a row, [T][d]
	Losses   []float64     // [T]; nil means all 1
	Active   []bool        // [T]; nil means all
	After    []float64     // the losses after the update, [T]; nil means Losses
	Parts    [][][]float64 // the Jacobians of parts of the batch; nil means that each is Jacobian
}

// Check says what is wrong with the numbers' shapes.
func (s State) Check() error {
	count := len(s.Jacobian)
	if count == 0 || len(s.Jacobian[0]) == 0 {
		return fmt.Errorf("the Jacobian is empty; want a row of numbers for each task")
	}
	for i, rows := range append([][][]float64{s.Jacobian}, s.Parts...) {
		if len(rows) != count {
			return fmt.Errorf("the Jacobian of part %d has %d rows; want %d, one a task", i, len(rows), count)
		}
		for t, row := range rows {
			if len(row) != len(s.Jacobian[0]) {
				return fmt.Errorf("row %d of the Jacobian has %d numbers; the first row has %d", t, len(row), len(s.Jacobian[0]))
			}
		}
	}
	for what, n := range map[string]int{"losses": len(s.Losses), "active tasks": len(s.Active), "losses after the update": len(s.After)} {
		if n != 0 && n != count {
			return fmt.Errorf("there are %d %s for a Jacobian of %d rows", n, what, count)
		}
	}
	return nil
}

// tensors returns the Jacobian, losses, activity, losses after the update and the parts.
func (s State) tensors() ([]*tensors.Tensor, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	count, ones, active := len(s.Jacobian), make([]float64, len(s.Jacobian)), make([]float64, len(s.Jacobian))
	for t := range count {
		ones[t] = 1
		if s.Active == nil || s.Active[t] {
			active[t] = 1
		}
	}
	losses := orElse(s.Losses, ones)
	all := []*tensors.Tensor{tensors.FromValue(s.Jacobian)}
	for _, vector := range [][]float64{losses, active, orElse(s.After, losses)} {
		all = append(all, tensors.FromFlatDataAndDimensions(vector, count))
	}
	for _, part := range s.Parts {
		all = append(all, tensors.FromValue(part))
	}
	return all, nil
}

func orElse(values, instead []float64) []float64 {
	if values == nil {
		return instead
	}
	return values
}
