package study

import (
	"fmt"
	"strings"
)

// Choice is the setting to take, and why.
type Choice struct {
	Group *Group
	// Index is the group's place among the study's Groups.
	Index int
	// Rule says how it was found.
	Rule string
	// Reason says, in a few sentences, what speaks for it and how sure that is.
	Reason string
}

// Choose takes a setting of the front. With single-task baselines it is the one with the highest Δm (task-mean): the best compromise in units of what each
// task reaches alone. Without, it is the knee of the front. nil when no setting ran to the end with finite figures.
func (s *Study) Choose() *Choice {
	groups := s.Groups()
	front := s.Front(groups)
	if len(front) == 0 {
		return nil
	}
	chosen, withDelta := -1, true
	for _, i := range front {
		withDelta = withDelta && groups[i].TaskMean.N > 0
	}
	c := &Choice{}
	if withDelta {
		c.Rule = "highest Δm (task-mean) on the Pareto front"
		for _, i := range front {
			if chosen < 0 || groups[i].TaskMean.Mean > groups[chosen].TaskMean.Mean {
				chosen = i
			}
		}
	} else {
		c.Rule = "knee of the Pareto front"
		chosen = s.Knee(groups)
	}
	c.Group, c.Index = groups[chosen], chosen
	c.Reason = s.reason(c, groups, front, withDelta)
	return c
}

func (s *Study) reason(c *Choice, groups []*Group, front []int, withDelta bool) string {
	var b strings.Builder
	complete := 0
	for _, g := range groups {
		if g.Complete() {
			complete++
		}
	}
	fmt.Fprintf(&b, "%s: %s (%d of %d settings are on it", c.Group.Setting.Label(), c.Rule, len(front), complete)
	if n := c.Group.Values[0].N; n > 1 {
		fmt.Fprintf(&b, ", means of %d seeds", n)
	}
	b.WriteString(").")
	alone := s.Alone()
	for i, o := range s.Objectives {
		fmt.Fprintf(&b, " %s %s", o, c.Group.Values[i])
		if alone != nil {
			fmt.Fprintf(&b, ", alone %s", alone[i])
		}
		if i < len(s.Objectives)-1 {
			b.WriteString(";")
		}
	}
	b.WriteString(".")
	if withDelta {
		fmt.Fprintf(&b, " Δm %+.1f %%", c.Group.TaskMean.Mean)
		if h := c.Group.TaskMean.Half; h == h {
			fmt.Fprintf(&b, " ± %.1f", h)
		}
		b.WriteString(".")
		b.WriteString(s.rivals(c, groups, front))
	}
	if c.Group.Values[0].N < 2 {
		b.WriteString(" One seed proves little: sweep more before relying on it.")
	}
	return b.String()
}

// rivals names the settings on the front that the seeds cannot tell from the chosen one.
func (s *Study) rivals(c *Choice, groups []*Group, front []int) string {
	var near []string
	for _, i := range front {
		if g := groups[i]; g != c.Group && g.TaskMean.N > 1 && c.Group.TaskMean.N > 1 && g.TaskMean.High() >= c.Group.TaskMean.Low() {
			near = append(near, g.Setting.Label())
		}
	}
	if len(near) == 0 {
		return ""
	}
	if few := 3; len(near) > few {
		near = append(near[:few], fmt.Sprintf("%d more", len(near)-few))
	}
	return " Its 95 % interval overlaps with that of " + strings.Join(near, "; ") + "."
}
