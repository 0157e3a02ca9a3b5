package plotting

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomtl/gomtl/mtl/study"
)

// result is a figure of merit of settings: an objective, or Δm.
type result struct {
	short          string // "Δm", "cls accuracy"
	name           string // with unit and direction
	higherIsBetter bool
	of             func(*study.Group) float64 // NaN where there is none
}

// result is the one that a field asks for: an objective by its task or as "task metric"; with "" Δm (task-mean), or the first objective where the tasks alone
// are missing.
func (o *overview) result(of string) (result, error) {
	if of == "" && o.alone != nil {
		return result{short: "Δm", name: "Δm (task-mean) %, better →", higherIsBetter: true, of: func(g *study.Group) float64 {
			if g.TaskMean.N == 0 {
				return math.NaN()
			}
			return g.TaskMean.Mean
		}}, nil
	}
	if len(o.Objectives) == 0 {
		return result{}, fmt.Errorf("want a study with objectives, got none")
	}
	i, err := o.objective(of, 0)
	if err != nil {
		return result{}, err
	}
	return o.objectiveResult(i), nil
}

func (o *overview) objectiveResult(i int) result {
	objective := o.Objectives[i]
	return result{
		short: objective.Task + " " + objective.Figure(), name: better(objective), higherIsBetter: objective.HigherIsBetter,
		of: func(g *study.Group) float64 { return g.Values[i].Mean },
	}
}

// scale has better above.
func (r result) scale(values []float64) scale {
	s := linearScale(values)
	s.flip = !r.higherIsBetter
	return s
}

// colors are lighter for what is better; nil without values.
func (r result) colors(values []float64) *colored {
	if !slices.ContainsFunc(values, isFinite) {
		return nil
	}
	return &colored{scale: r.scale(values), name: r.name}
}
