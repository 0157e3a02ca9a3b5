package sweep

import (
	"math"
	"math/rand/v2"
)

// Range is an interval of a hyper-parameter.
type Range struct {
	// Path is "learning_rate" or a path as mtl.Hyperparameters lists them, such as "cagrad/c", "shared/dropout" or "shared/l2".
	Path     string
	From, To float64
	// Log spreads the values over the logarithm, for what matters by its order of magnitude. Both ends must then be above 0.
	Log bool
}

// at is the value at a share of the range, 0 to 1, rounded to 6 digits.
func (r Range) at(share float64) float64 {
	if r.Log {
		return rounded(r.From*math.Pow(r.To/r.From, share), 6)
	}
	return rounded(r.From+(r.To-r.From)*share, 6)
}

// Spread is count values from the first end to the last, evenly spaced, on the logarithm where the range is so: a count of 1 is the first end alone.
func (r Range) Spread(count int) []float64 {
	values := make([]float64, max(0, count))
	for i := range values {
		values[i] = r.at(float64(i) / math.Max(1, float64(count-1)))
	}
	return values
}

// Values is a setting for each value of a hyper-parameter.
func Values(path string, values ...float64) []Setting {
	settings := make([]Setting, len(values))
	for i, v := range values {
		settings[i].Values = map[string][]float64{path: {v}}
	}
	return settings
}

// Grid is perRange evenly spaced values of each range, in every combination.
func Grid(perRange int, ranges ...Range) []Setting {
	lists := make([][]Setting, len(ranges))
	for i, r := range ranges {
		lists[i] = Values(r.Path, r.Spread(perRange)...)
	}
	return Product(lists...)
}

// Random draws count settings uniformly from the ranges (Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 2012).
func Random(count int, seed uint64, ranges ...Range) []Setting {
	rng := rand.New(rand.NewPCG(seed, 0))
	return points(count, ranges, func(int, int) float64 { return rng.Float64() })
}

// Sobol takes count settings from the Sobol sequence over the ranges, at most MaxSobol of them: points that fill the space more evenly than random ones, any
// number of them, best a power of 2. It begins after the point of zeros, which is a corner of the space.
func Sobol(count int, ranges ...Range) []Setting {
	return points(count, ranges, func(i, dimension int) float64 { return sobol(i+1, dimension) })
}

func points(count int, ranges []Range, share func(i, dimension int) float64) []Setting {
	settings := make([]Setting, max(0, count))
	for i := range settings {
		settings[i].Values = map[string][]float64{}
		for d, r := range ranges {
			settings[i].Values[r.Path] = []float64{r.at(share(i, d))}
		}
	}
	return settings
}
