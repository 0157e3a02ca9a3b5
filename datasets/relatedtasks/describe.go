package relatedtasks

import (
	"fmt"
	"math"
)

// Relatedness is the known truth, [task][task]: the correlation of the entries of two tasks' feature matrices U, which is ρ within a cluster, 0 between
// clusters, and 1 for a task and itself.
func (c Config) Relatedness() ([][]float64, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	matrix := make([][]float64, c.Tasks)
	for s := range matrix {
		matrix[s] = make([]float64, c.Tasks)
		for t := range matrix[s] {
			switch {
			case s == t:
				matrix[s][t] = 1
			case c.cluster(s) == c.cluster(t):
				matrix[s][t] = c.Overlap
			}
		}
	}
	return matrix, nil
}

// Describe is the exact recipe of the tasks and what is known of how they are related, for people. A Config that cannot be is described as it stands.
func (c Config) Describe() string {
	if filled, err := c.withDefaults(); err == nil {
		c = filled
	}
	between := ""
	if len(c.Clusters) > 1 {
		between = fmt.Sprintf(" Tasks are in clusters of %v, in order, each with a U₀ of its own: between clusters the relatedness is 0.", c.Clusters)
	}
	return fmt.Sprintf(`%d generated regressions on inputs of their own; seed %d.

Task t: x ~ N(0, I) in R^%[3]d; U_t = √ρ·U₀ + √(1−ρ)·V_t with ρ = %[4]g and entries of U₀ and V_t ~ N(0, 1/%[3]d), %[5]d×%[3]d; v_t uniform on the unit sphere of R^%[5]d;
z = s_t·v_tᵀ tanh(2·U_t·x) with s_t such that z has variance 1; y = z + %[6]g·ε, ε ~ N(0, 1). The best R² there can be is %.3[7]f.

What is known: the entries of the feature matrices of two tasks have correlation ρ = %[4]g, their relatedness.%[8]s The correlation of two tasks' labels on the same inputs has mean 0
and a random sign whatever ρ is, since the weights v_t are independent: it does not tell how tasks are related.`,
		c.Tasks, c.Seed, c.Inputs, c.Overlap, c.Features, c.Noise, 1/(1+math.Pow(c.Noise, 2)), between)
}
