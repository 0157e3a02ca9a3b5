package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Order chooses the sources of each step.
type Order interface {
	// turn returns how many examples each source gives in step, for sources of these sizes. The sum is the same in every step.
	turn(seed uint64, step int, sizes, batches []int) []int
	// check returns what is wrong for these batches.
	check(batches []int) error
}

// Together puts every source in every batch: one step for all tasks. Smaller sources start over while the largest goes through once, which is
// Lightning's "max_size_cycle"; Mixer.LongestEpoch and Mixer.ShortestEpoch say how many steps make that and its "min_size".
type Together struct{}

func (Together) turn(_ uint64, _ int, _, batches []int) []int { return batches }

func (Together) check([]int) error { return nil }

// Alternating gives each batch to one source, drawn with probability p_s ∝ n_s^(1/Temperature), n_s its number of examples: 1 draws in proportion to size, large values
// evenly. All sources must have the same Batch.
type Alternating struct {
	// Temperature 0 means 1.
	Temperature float64
}

func (a Alternating) turn(seed uint64, step int, sizes, batches []int) []int {
	temperature := a.Temperature
	if temperature == 0 {
		temperature = 1
	}
	total, shares := 0.0, make([]float64, len(sizes))
	for s, n := range sizes {
		shares[s] = math.Exp(math.Log(float64(n)) / temperature)
		total += shares[s]
	}
	drawn := rand.New(rand.NewPCG(mix(seed), mix(uint64(step)+golden))).Float64() * total
	counts := make([]int, len(sizes))
	last := len(sizes) - 1
	for s, share := range shares {
		if drawn -= share; drawn < 0 || s == last {
			counts[s] = batches[s]
			break
		}
	}
	return counts
}

func (a Alternating) check(batches []int) error {
	if !(a.Temperature >= 0) {
		return fmt.Errorf("datasets: Alternating.Temperature is %v; wanted a positive number, or 0 for 1", a.Temperature)
	}
	return equalBatches(batches, "Alternating")
}

// InTurn gives each batch to one source, one after the other. All sources must have the same Batch.
type InTurn struct{}

func (InTurn) turn(_ uint64, step int, sizes, batches []int) []int {
	counts := make([]int, len(sizes))
	counts[step%len(sizes)] = batches[step%len(sizes)]
	return counts
}

func (InTurn) check(batches []int) error { return equalBatches(batches, "InTurn") }

func equalBatches(batches []int, order string) error {
	for _, n := range batches {
		if n != batches[0] {
			return fmt.Errorf("datasets: %s takes one source a batch, and the sources' batches are %v; wanted equal ones, so that one compiled program serves all", order, batches)
		}
	}
	return nil
}
