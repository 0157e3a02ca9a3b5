package sweep

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// List is a setting for each set of task weights, by task name; a task that is not named has weight 1.
func List(weights ...map[string]float64) []Setting {
	settings := make([]Setting, len(weights))
	for i, w := range weights {
		settings[i].Weights = w
	}
	return settings
}

// LogRatio weighs one task by count values from the first to the last, each a constant multiple of the one before, against weight 1 of all others:
// LogRatio("seg", 1, 1024, 6) is 1, 4, 16, 64, 256, 1024. Both ends must be above 0.
func LogRatio(task string, from, to float64, count int) []Setting {
	settings := make([]Setting, max(0, count))
	for i, v := range (Range{From: from, To: to, Log: true}).Spread(count) {
		settings[i].Weights = map[string]float64{task: v}
	}
	return settings
}

// rounded keeps so many significant digits.
func rounded(v float64, digits int) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	scale := math.Pow(10, float64(digits-1-int(math.Floor(math.Log10(math.Abs(v))))))
	if math.IsInf(scale, 0) {
		return v
	}
	return math.Round(v*scale) / scale
}

// SimplexGrid is every way to give the tasks weights w_t = T·k_t/divisions with whole k_t of 1 or more and Σ k_t = divisions: an even grid over the inside of
// the simplex, with the mean weight 1. There are (divisions-1 choose T-1).
func SimplexGrid(tasks []string, divisions int) []Setting {
	var settings []Setting
	counts := make([]int, len(tasks))
	var place func(at, left int)
	place = func(at, left int) {
		if at == len(tasks)-1 {
			counts[at] = left
			weights := map[string]float64{}
			for i, task := range tasks {
				weights[task] = rounded(float64(len(tasks)*counts[i])/float64(divisions), 6)
			}
			settings = append(settings, Setting{})
			settings[len(settings)-1].Weights = weights
			return
		}
		for k := 1; k <= left-(len(tasks)-1-at); k++ {
			counts[at] = k
			place(at+1, left-k)
		}
	}
	if len(tasks) > 0 && divisions >= len(tasks) {
		place(0, divisions)
	}
	return settings
}

// Dirichlet draws count sets of weights from the symmetric Dirichlet distribution with concentration alpha, times the number of tasks: alpha 1 is uniform on
// the simplex, smaller ones prefer its corners, greater ones its middle.
func Dirichlet(tasks []string, alpha float64, count int, seed uint64) []Setting {
	gamma := distuv.Gamma{Alpha: alpha, Beta: 1, Src: rand.NewPCG(seed, 0)}
	settings := make([]Setting, max(0, count))
	for i := range settings {
		draws, sum := make([]float64, len(tasks)), 0.0
		for t := range tasks {
			draws[t] = gamma.Rand()
			sum += draws[t]
		}
		settings[i].Weights = map[string]float64{}
		for t, task := range tasks {
			settings[i].Weights[task] = rounded(float64(len(tasks))*draws[t]/sum, 6)
		}
	}
	return settings
}
