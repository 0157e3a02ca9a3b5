package affinity

import "math"

// Order lists the tasks' indices such that tasks with high values stand side by side: the leaves of average linkage, with the mean of both directions as similarity.
func (m *Matrix) Order() []int {
	if len(m.Tasks) == 0 {
		return nil
	}
	return m.Clusters(1)[0]
}

// Clusters joins the two clusters whose tasks have the highest mean value, again and again from single tasks on (average linkage), until there are k. Each is a list of
// indices of tasks.
func (m *Matrix) Clusters(k int) (clusters [][]int) {
	for i := range m.Tasks {
		clusters = append(clusters, []int{i})
	}
	for len(clusters) > max(1, k) {
		best, first, second := math.Inf(-1), 0, 1
		for a := range clusters {
			for b := a + 1; b < len(clusters); b++ {
				if v := m.between(clusters[a], clusters[b]); v > best {
					best, first, second = v, a, b
				}
			}
		}
		clusters[first] = m.joined(clusters[first], clusters[second])
		clusters = append(clusters[:second], clusters[second+1:]...)
	}
	return clusters
}

// between is the mean value of pairs across two clusters, both ways; unknown values count as the lowest.
func (m *Matrix) between(a, b []int) float64 {
	sum := 0.0
	for _, i := range a {
		for _, j := range b {
			sum += (m.Values[i][j] + m.Values[j][i]) / 2
		}
	}
	if math.IsNaN(sum) {
		return math.Inf(-1)
	}
	return sum / float64(len(a)*len(b))
}

// joined turns clusters around such that the two tasks that meet are those that are closest.
func (m *Matrix) joined(a, b []int) []int {
	turned := func(x []int) []int {
		y := make([]int, len(x))
		for i, v := range x {
			y[len(x)-1-i] = v
		}
		return y
	}
	best, result := math.Inf(-1), append(append([]int{}, a...), b...)
	for _, x := range [][]int{a, turned(a)} {
		for _, y := range [][]int{b, turned(b)} {
			i, j := x[len(x)-1], y[0]
			if v := m.Values[i][j] + m.Values[j][i]; v > best {
				best, result = v, append(append([]int{}, x...), y...)
			}
		}
	}
	return result
}
