package affinity

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// climb starts from clusters, then from random groups, and adds a task to a group or takes one from it while that is better.
func (s Search) climb(m *Matrix) *Grouping {
	n := len(m.Tasks)
	random := rand.New(rand.NewPCG(s.Seed, uint64(n)))
	var best []part
	highest := math.Inf(-1)
	consider := func(groups []set) {
		groups = s.ascend(m, groups)
		if parts, gain := s.serve(m, groups); gain > highest {
			highest, best = gain, parts
		}
	}
	most := 1
	for most < n && float64(most+1)*s.Cost(1) <= s.Budget {
		most++
	}
	for k := 1; k <= most; k++ {
		var groups []set
		for _, cluster := range m.Clusters(k) {
			var g set
			for _, i := range cluster {
				g |= 1 << i
			}
			groups = append(groups, g)
		}
		consider(groups)
	}
	for range s.Restarts {
		groups := make([]set, 1+random.IntN(most))
		for i := range n {
			groups[random.IntN(len(groups))] |= 1 << i
		}
		consider(groups)
	}
	if best == nil {
		return nil
	}
	return s.grouping(m, best, false)
}

// serve gives each task to the group where it gains most. The gain is -∞ where a task is in no group or the budget is too small.
func (s Search) serve(m *Matrix, groups []set) (parts []part, gain float64) {
	serves := make([]set, len(groups))
	for t := range m.Tasks {
		at, best := -1, math.Inf(-1)
		for k, g := range groups {
			if g>>t&1 == 1 {
				if v := s.gain(m, t, g); v > best {
					at, best = k, v
				}
			}
		}
		if at < 0 {
			return nil, math.Inf(-1)
		}
		serves[at] |= 1 << t
		gain += best
	}
	cost := 0.0
	for k, g := range groups {
		if serves[k] == 0 {
			continue
		}
		if s.Disjoint && serves[k] != g {
			return nil, math.Inf(-1)
		}
		cost += s.Cost(bits.OnesCount64(g))
		parts = append(parts, part{g, serves[k]})
	}
	if cost > s.Budget*(1+1e-12) {
		return nil, math.Inf(-1)
	}
	return parts, gain
}

// ascend takes the best move at a time: a task in or out of one group, or from one group to another.
func (s Search) ascend(m *Matrix, groups []set) []set {
	_, gain := s.serve(m, groups)
	for {
		var better []set
		try := func(changed []set) {
			if _, g := s.serve(m, changed); g > gain+1e-12 {
				gain, better = g, changed
			}
		}
		for t := range m.Tasks {
			for a := range groups {
				flipped := append([]set{}, groups...)
				flipped[a] ^= 1 << t
				try(flipped)
				for b := range groups {
					if b != a && groups[a]>>t&1 == 1 && groups[b]>>t&1 == 0 {
						moved := append([]set{}, groups...)
						moved[a] ^= 1 << t
						moved[b] ^= 1 << t
						try(moved)
					}
				}
			}
		}
		if better == nil {
			return groups
		}
		groups = better
	}
}
