package study

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/pareto"
)

// Study is what a sweep found so far.
type Study struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	// Tasks of the model, in its order.
	Tasks []history.Task `json:"tasks"`
	// Objectives are what settings are compared by, one a task.
	Objectives []Objective `json:"objectives"`
	// Split is the split on which trials are judged, history.Validation unless the data has none: then history.Train.
	Split string `json:"split"`
	// Reference is the point up to which hypervolume is measured, one value an objective; nil means the worst values seen.
	Reference []float64 `json:"reference,omitempty"`
	// Fit says how every trial is trained: names and values that must not change when a study is continued.
	Fit map[string]string `json:"fit,omitempty"`
	// Compilations counts training programs compiled for the settings, one for each group that shares a graph; BaselineCompilations those for the
	// single-task baselines. Of the latest session.
	Compilations         int `json:"compilations"`
	BaselineCompilations int `json:"baseline_compilations"`
	// Workers is how many trials ran at once.
	Workers int `json:"workers"`
	// Seconds of all sessions.
	Seconds float64 `json:"seconds"`

	// Trials of the sweep, in the order in which they were planned; Baselines are of tasks trained alone. Each has a file of its own.
	Trials    []*Trial `json:"-"`
	Baselines []*Trial `json:"-"`
}

// TaskNames are the names of the tasks, in order.
func (s *Study) TaskNames() []string {
	names := make([]string, len(s.Tasks))
	for i, t := range s.Tasks {
		names[i] = t.Name
	}
	return names
}

// Group is one setting with all its seeds.
type Group struct {
	// Setting has the seed of the first trial.
	Setting Setting
	Trials  []*Trial
	// Values are the objectives' values over the judged trials.
	Values []Interval
	// TaskMean and MetricMean are Δm against the tasks trained alone, in percent, under the two definitions of package delta (higher is better, lower
	// is better). Their N is 0 where baselines are missing or Δm is undefined.
	TaskMean, MetricMean Interval
}

// Failed tells whether every trial of the group failed.
func (g *Group) Failed() bool {
	return !slices.ContainsFunc(g.Trials, func(t *Trial) bool { return t.State != Failed })
}

// Complete tells whether the group ran to the end with at least one seed: dropped settings did not.
func (g *Group) Complete() bool {
	return slices.ContainsFunc(g.Trials, func(t *Trial) bool { return t.State == Done })
}

// Groups are the settings in the order in which they were planned, each over its seeds. Where some seeds of a setting are done, those count alone.
func (s *Study) Groups() []*Group {
	baselines := s.Alone()
	return grouped(s.Trials, func(g *Group) { s.summarize(g, baselines) })
}

// Alone is each task's objective when it is trained alone, in the order of Objectives; nil without a baseline of every task.
func (s *Study) Alone() []Interval {
	var alone []Interval
	for _, o := range s.Objectives {
		var values []float64
		for _, t := range s.Baselines {
			if t.Alone == o.Task && t.State == Done {
				values = append(values, o.Value(t))
			}
		}
		interval := NewInterval(values)
		if interval.N == 0 {
			return nil
		}
		alone = append(alone, interval)
	}
	return alone
}

func grouped(trials []*Trial, finish func(*Group)) []*Group {
	var groups []*Group
	byKey := map[string]*Group{}
	for _, t := range trials {
		key := t.Key()
		g := byKey[key]
		if g == nil {
			g = &Group{Setting: t.Setting}
			byKey[key], groups = g, append(groups, g)
		}
		g.Trials = append(g.Trials, t)
	}
	for _, g := range groups {
		finish(g)
	}
	return groups
}

// Judged are the trials whose figures count: those that are done, or else those that were judged earlier.
func (g *Group) Judged() []*Trial {
	var done, early []*Trial
	for _, t := range g.Trials {
		switch {
		case t.State == Done:
			done = append(done, t)
		case t.Judged():
			early = append(early, t)
		}
	}
	if len(done) > 0 {
		return done
	}
	return early
}

func (s *Study) summarize(g *Group, alone []Interval) {
	trials := g.Judged()
	g.Values = make([]Interval, len(s.Objectives))
	for i, o := range s.Objectives {
		values := make([]float64, len(trials))
		for k, t := range trials {
			values[k] = o.Value(t)
		}
		g.Values[i] = NewInterval(values)
	}
	g.TaskMean, g.MetricMean = NewInterval(nil), NewInterval(nil)
	if alone != nil {
		g.TaskMean, g.MetricMean = s.deltas(trials, alone)
	}
}

// costs is the group's point, lower is better: NaN where it has none.
func (s *Study) costs(g *Group) []float64 {
	point := make([]float64, len(s.Objectives))
	for i, o := range s.Objectives {
		point[i] = o.Cost(g.Values[i].Mean)
	}
	return point
}

// Points are the groups' mean objectives turned so that lower is better, one point a group: NaN where a group has no figures.
func (s *Study) Points(groups []*Group) [][]float64 {
	points := make([][]float64, len(groups))
	for i, g := range groups {
		points[i] = s.costs(g)
	}
	return points
}

// Front are the indices of the groups that ran to the end and that no other of these beats in every objective, by their means. A group with an infinite mean is not
// among them.
func (s *Study) Front(groups []*Group) []int {
	points := s.Points(groups)
	for i, g := range groups {
		if !g.Complete() {
			points[i] = make([]float64, len(s.Objectives))
			for k := range points[i] {
				points[i][k] = math.NaN()
			}
		}
	}
	return pareto.Front(points)
}

// Hypervolume is the volume that the front dominates up to the reference point, which is returned as values of the objectives. It is an error, and the volume
// NaN, where pareto.Hypervolume says so: a Reference of another length, or no finite figure to take it from.
func (s *Study) Hypervolume(groups []*Group) (volume float64, reference []float64, err error) {
	points := s.Points(groups)
	reference = s.Reference
	if reference == nil {
		reference = make([]float64, len(s.Objectives))
		for i, o := range s.Objectives {
			values := make([]float64, len(groups))
			for k, g := range groups {
				values[k] = g.Values[i].Mean
			}
			reference[i] = o.worst(values)
		}
	}
	if len(reference) != len(s.Objectives) {
		return math.NaN(), reference, fmt.Errorf("study: the reference point has %d values; wanted one for each of the %d objectives", len(reference), len(s.Objectives))
	}
	costs := make([]float64, len(reference))
	for i, o := range s.Objectives {
		costs[i] = o.Cost(reference[i])
	}
	var front [][]float64
	for _, i := range s.Front(groups) {
		front = append(front, points[i])
	}
	volume, err = pareto.Hypervolume(front, costs)
	return volume, reference, err
}

// Knee is the index of the group at the bend of the front, where a little more of one objective costs much of another (see pareto.Knee); -1 without a front.
func (s *Study) Knee(groups []*Group) int {
	front := s.Front(groups)
	points := s.Points(groups)
	on := make([][]float64, len(front))
	for k, i := range front {
		on[k] = points[i]
	}
	if k := pareto.Knee(on); k >= 0 {
		return front[k]
	}
	return -1
}

// bend is the knee of a front that is long enough to have one, else -1.
func (s *Study) bend(groups []*Group) int {
	if len(s.Front(groups)) < 3 {
		return -1
	}
	return s.Knee(groups)
}

// Best is the index of the group with the best finite mean of objective i among those that ran to the end; -1 without one.
func (s *Study) Best(groups []*Group, i int) int {
	best := -1
	for k, g := range groups {
		if !g.Complete() || !isFinite(g.Values[i].Mean) {
			continue
		}
		if o := s.Objectives[i]; best < 0 || o.Cost(g.Values[i].Mean) < o.Cost(groups[best].Values[i].Mean) {
			best = k
		}
	}
	return best
}
