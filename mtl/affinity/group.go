package affinity

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Group is a set of tasks to train together, and the tasks that its model is used for. A group may have tasks that it does not serve: they only help.
type Group struct {
	Tasks  []string `json:"tasks"`
	Serves []string `json:"serves"`
}

// Grouping is a choice of groups in which each task is served by one group.
type Grouping struct {
	Groups []Group `json:"groups"`
	// Predicted is the sum over the tasks of the predicted gain in the group that serves them.
	Predicted float64 `json:"predicted"`
	// Cost is the sum of the groups' costs.
	Cost float64 `json:"cost"`
	// Exact tells that no grouping within the budget has a higher prediction.
	Exact bool `json:"exact"`
}

// Group is the group that serves a task, -1 if none does.
func (g *Grouping) Group(task string) int {
	return slices.IndexFunc(g.Groups, func(one Group) bool { return slices.Contains(one.Serves, task) })
}

// String lists the groups, with tasks that only help in brackets.
func (g *Grouping) String() string {
	var parts []string
	for _, one := range g.Groups {
		var names []string
		for _, name := range one.Tasks {
			if !slices.Contains(one.Serves, name) {
				name = "(" + name + ")"
			}
			names = append(names, name)
		}
		parts = append(parts, strings.Join(names, " + "))
	}
	return fmt.Sprintf("%s; predicted gain %.4g, cost %.4g", strings.Join(parts, " | "), g.Predicted, g.Cost)
}

// Search finds the groups of tasks to train together with the highest predicted gain within a budget of compute, each task being served by one group. The
// predicted gain of task t in group G is the mean value from the other tasks of G to t (Fifty et al., "Efficiently Identifying Task Groupings for Multi-Task
// Learning", NeurIPS 2021, section 3.3), or Alone in a group of its own; groups may overlap (Standley et al., "Which Tasks Should Be Learned Together in
// Multi-task Learning?", ICML 2020).
type Search struct {
	// Budget bounds the sum of the groups' costs.
	Budget float64
	// Cost of training a group of that many tasks, above 0 and not falling with their number; nil means 1 a group, so that Budget is the number of groups.
	Cost func(tasks int) float64
	// Alone is the predicted gain of a task that is trained by itself.
	Alone float64
	// Disjoint forbids groups with tasks that they do not serve.
	Disjoint bool
	// Exhaustive is the greatest number of tasks for an exact search, whose time grows with 3^T; 0 means 15, which takes seconds.
	Exhaustive int
	// Restarts and Seed of the search by hill climbing for more tasks; 0 means 50 restarts.
	Restarts int
	Seed     uint64
}

// Find searches. A matrix with unknown values, and a budget that cannot serve all tasks, are errors.
func (s Search) Find(m *Matrix) (*Grouping, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	for i, row := range m.Values {
		for j, v := range row {
			if i != j && (math.IsNaN(v) || math.IsInf(v, 0)) {
				return nil, fmt.Errorf("affinity: a search needs finite values, got %g from %q to %q", v, m.Tasks[i], m.Tasks[j])
			}
		}
	}
	if math.IsNaN(s.Budget) || math.IsNaN(s.Alone) || math.IsInf(s.Alone, 0) {
		return nil, fmt.Errorf("affinity: a search has the budget %g and the gain %g of a task alone; wanted numbers, and a finite gain", s.Budget, s.Alone)
	}
	if s.Cost == nil {
		s.Cost = func(int) float64 { return 1 }
	}
	n := len(m.Tasks)
	for size := 1; size <= n; size++ {
		if c := s.Cost(size); !(c > 0) || size > 1 && c < s.Cost(size-1) {
			return nil, fmt.Errorf("affinity: the cost of a group should be above 0 and not fall with its size, got %g for %d tasks", c, size)
		}
	}
	if s.Exhaustive == 0 {
		s.Exhaustive = 15
	}
	if s.Restarts == 0 {
		s.Restarts = 50
	}
	if n > 62 {
		return nil, fmt.Errorf("affinity: a search takes up to 62 tasks, got %d", n)
	}
	var found *Grouping
	if n <= min(s.Exhaustive, 20) {
		found = s.exact(m)
	} else {
		found = s.climb(m)
	}
	if found == nil {
		return nil, fmt.Errorf("affinity: a budget of %g does not serve %d tasks; a group of all costs %g", s.Budget, n, s.Cost(n))
	}
	return found, nil
}

// set is a set of tasks, a bit each.
type set = uint64

func (m *Matrix) names(of set) (names []string) {
	for i, name := range m.Tasks {
		if of>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return names
}

// gain is the predicted gain of a task in a group that it is in.
func (s Search) gain(m *Matrix, task int, group set) float64 {
	sum, count := 0.0, 0
	for i := range m.Tasks {
		if i != task && group>>i&1 == 1 {
			sum += m.Values[i][task]
			count++
		}
	}
	if count == 0 {
		return s.Alone
	}
	return sum / float64(count)
}

// part is a group with the tasks that it serves.
type part struct{ group, serves set }

func (s Search) grouping(m *Matrix, parts []part, exact bool) *Grouping {
	found := &Grouping{Exact: exact}
	for _, p := range parts {
		size := 0
		for i := range m.Tasks {
			if p.group>>i&1 == 1 {
				size++
			}
			if p.serves>>i&1 == 1 {
				found.Predicted += s.gain(m, i, p.group)
			}
		}
		found.Cost += s.Cost(size)
		found.Groups = append(found.Groups, Group{Tasks: m.names(p.group), Serves: m.names(p.serves)})
	}
	slices.SortFunc(found.Groups, func(a, b Group) int {
		return slices.Index(m.Tasks, a.Serves[0]) - slices.Index(m.Tasks, b.Serves[0])
	})
	return found
}
