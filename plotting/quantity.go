package plotting

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/gomtl/gomtl/mtl/study"
)

// quantity is a number that a sweep varies: a task weight or a hyper-parameter.
type quantity struct {
	key, name string // key is what a field such as TradeOff.By names it by
	weight    bool
	of        func(study.Setting) float64 // NaN where a setting leaves it open
}

// weightOf is a task's weight in a setting: 1 where it is not named, NaN where no weight is fixed.
func weightOf(s study.Setting, task string) float64 {
	if len(s.Weights) == 0 {
		return math.NaN()
	}
	if w, ok := s.Weights[task]; ok {
		return w
	}
	return 1
}

// relativeWeight is a task's weight divided by the mean of the others'.
func relativeWeight(settings []study.Setting, tasks []string, task string) quantity {
	others := slices.DeleteFunc(slices.Clone(tasks), func(t string) bool { return t == task })
	mean := func(s study.Setting) float64 {
		sum := 0.0
		for _, other := range others {
			sum += weightOf(s, other)
		}
		return sum / float64(len(others))
	}
	q := quantity{key: task, name: "weight of " + task, weight: true, of: func(s study.Setting) float64 {
		w := weightOf(s, task)
		if len(others) > 0 {
			w /= mean(s)
		}
		if !isFinite(w) {
			return math.NaN() // all others are 0
		}
		rounded, _ := strconv.ParseFloat(strconv.FormatFloat(w, 'g', 5, 64), 64) // equal ones were computed in different ways
		return rounded
	}}
	for _, s := range settings {
		if len(s.Weights) > 0 && slices.ContainsFunc(others, func(t string) bool { return weightOf(s, t) != 1 }) {
			q.name = "weight of " + task + " ÷ mean of the others"
			if len(others) == 1 {
				q.name = "weight of " + task + " ÷ " + others[0]
			}
		}
	}
	return q
}

// hyperparameters are the values that differ between settings, a quantity for each of a path's numbers.
func hyperparameters(settings []study.Setting) (varied []quantity) {
	length := map[string]int{}
	for _, s := range settings {
		for path, values := range s.Values {
			length[path] = max(length[path], len(values))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(length)) {
		for i := range length[path] {
			q := quantity{key: path, name: path, of: func(s study.Setting) float64 {
				if values := s.Values[path]; i < len(values) {
					return values[i]
				}
				return math.NaN()
			}}
			if path == study.LearningRate {
				q.name = "learning rate"
			}
			if length[path] > 1 {
				q.key, q.name = fmt.Sprintf("%s %d", path, i+1), fmt.Sprintf("%s %d", q.name, i+1)
			}
			if q.varies(settings) {
				varied = append(varied, q)
			}
		}
	}
	return varied
}

// weights are the task weights that differ between settings, as they were set.
func weights(settings []study.Setting, tasks []string) (varied []quantity) {
	for _, task := range tasks {
		q := quantity{key: task, name: "weight of " + task, weight: true, of: func(s study.Setting) float64 { return weightOf(s, task) }}
		if q.varies(settings) {
			varied = append(varied, q)
		}
	}
	return varied
}

// values are the known ones of the settings.
func (q quantity) values(settings []study.Setting) (known []float64) {
	for _, s := range settings {
		if v := q.of(s); !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	return known
}

func (q quantity) varies(settings []study.Setting) bool {
	known := q.values(settings)
	return len(known) > 1 && slices.Max(known) > slices.Min(known)
}

// spread is the ratio of the greatest to the least value above 0.
func (q quantity) spread(settings []study.Setting) float64 {
	known := slices.DeleteFunc(q.values(settings), func(v float64) bool { return v <= 0 })
	if len(known) == 0 {
		return 1
	}
	return slices.Max(known) / slices.Min(known)
}

// quantityFor is the one that a field asks for by a task or by the path of a hyper-parameter. With "" it is the relative weight of the task whose weight varies most, or the
// first hyper-parameter that varies; false where nothing does.
func quantityFor(by string, settings []study.Setting, tasks []string) (q quantity, found bool, err error) {
	set, others := weights(settings, tasks), hyperparameters(settings)
	if by == "" {
		most := 0.0
		for _, w := range set {
			if s := w.spread(settings); s > most*(1+1e-9) {
				most, q, found = s, relativeWeight(settings, tasks, w.key), true
			}
		}
		if !found && len(others) > 0 {
			q, found = others[0], true
		}
		return q, found, nil
	}
	if slices.Contains(tasks, by) {
		return relativeWeight(settings, tasks, by), true, nil
	}
	var known []string
	for _, o := range others {
		if o.key == by {
			return o, true, nil
		}
		known = append(known, o.key)
	}
	return q, false, fmt.Errorf("want a task (%q) or a hyper-parameter that varies (%q), got %q", tasks, known, by)
}
