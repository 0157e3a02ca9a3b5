package weighting_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// constant is equal and fixed weighting by hand.
type constant []float64

func (c constant) weights([]float64, []bool) []float64 { return c }

// learntVariance is uncertainty weighting by hand: ∂/∂s (L·exp(-s)/2 + s/2) = (1 - L·exp(-s))/2 moves s by gradient descent.
type learntVariance struct{ s []float64 }

func (u *learntVariance) weights(losses []float64, active []bool) []float64 {
	w := make([]float64, len(losses))
	for t, l := range losses {
		w[t] = math.Exp(-u.s[t]) / 2
		if active[t] {
			u.s[t] -= learningRate * (1 - l*math.Exp(-u.s[t])) / 2
		}
	}
	return w
}

// dynamicAverage is DWA by hand, with every loss of the run kept.
type dynamicAverage struct {
	temperature float64
	window      int
	losses      [][]float64
	active      [][]bool
}

// mean is the mean of task t's losses in window e; without a label there, that of the window before.
func (d *dynamicAverage) mean(t, e int) (value float64, known bool) {
	for ; e >= 0; e-- {
		sum, n := 0.0, 0.0
		for i := e * d.window; i < (e+1)*d.window; i++ {
			if d.active[i][t] {
				sum, n = sum+d.losses[i][t], n+1
			}
		}
		if n > 0 {
			return sum / n, true
		}
	}
	return 0, false
}

func (d *dynamicAverage) weights(losses []float64, active []bool) []float64 {
	e := len(d.losses) / d.window
	w, sum, n := make([]float64, len(losses)), 0.0, 0.0
	for t := range w {
		if !active[t] {
			continue
		}
		w[t] = 1
		if e >= 2 {
			r := 1.0
			if before, known := d.mean(t, e-2); known {
				last, _ := d.mean(t, e-1)
				r = last / before
			}
			w[t] = math.Exp(r / d.temperature)
		}
		sum, n = sum+w[t], n+1
	}
	for t := range w {
		if e >= 2 {
			w[t] *= n / sum
		}
	}
	d.losses, d.active = append(d.losses, losses), append(d.active, active)
	return w
}

func TestAgainstHandWrittenRecurrences(t *testing.T) {
	cases := []struct {
		name string
		w    mtl.Weighting
		hand func() method
	}{
		{"nil", nil, func() method { return constant{1, 1, 1} }},
		{"equal", weighting.Equal{}, func() method { return constant{1, 1, 1} }},
		{"fixed", weighting.Fixed{"two": 0.25, "three": 3}, func() method { return constant{1, 0.25, 3} }},
		{"uncertainty", weighting.Uncertainty{}, func() method { return &learntVariance{s: []float64{0, 0, 0}} }},
		{"uncertainty from -0.5", weighting.Uncertainty{InitialLogVariance: -0.5}, func() method { return &learntVariance{s: []float64{-0.5, -0.5, -0.5}} }},
		{"dwa", weighting.DWA{}, func() method { return &dynamicAverage{temperature: 2, window: 25} }},
		{"dwa, windows of 4", weighting.DWA{Temperature: 0.5, Window: 4}, func() method { return &dynamicAverage{temperature: 0.5, window: 4} }},
		{"dwa, windows of 1", weighting.DWA{Window: 1}, func() method { return &dynamicAverage{temperature: 2, window: 1} }},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range cases {
			for _, masked := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, masked %v", c.name, masked), func(t *testing.T) {
					steps := batches(60, masked)
					got, store := trained(t, backend, c.w, steps)
					hand := c.hand()
					compare(t, "theta by step", got, byHand(hand, steps))
					if u, ok := hand.(*learntVariance); ok {
						compare(t, "log variance", values(t, store, "/mtl/uncertainty/log_variance"), u.s)
					}
				})
			}
		}
	})
}

// A task that has no label in its first windows starts without a ratio.
func TestDWAWithoutLabelsAtFirst(t *testing.T) {
	steps := batches(24, false)
	for s := range 11 {
		steps[s].known[2] = []bool{false, false, false, false}
	}
	got, _ := trained(t, backendtest.Go(t), weighting.DWA{Window: 3}, steps)
	compare(t, "theta by step", got, byHand(&dynamicAverage{temperature: 2, window: 3}, steps))
}

func TestStateIsNotTrained(t *testing.T) {
	_, store := trained(t, backendtest.Go(t), weighting.DWA{Window: 3}, batches(4, false))
	count := 0
	for v := range store.Scope("/mtl/dwa").IterVariables() {
		count++
		if v.Trainable {
			t.Errorf("%s is trainable", v.Path())
		}
	}
	if count != 10 {
		t.Errorf("%d variables of state and hyper-parameters; wanted 6, and the names of the tasks for the 4 by task", count)
	}
}

func TestBadSettings(t *testing.T) {
	b := backendtest.Go(t)
	wantPanic(t, b, weighting.Fixed{"tow": 2}, `"tow"`, "no task", `"one" "two" "three"`)
	wantPanic(t, b, weighting.Fixed{"two": -1}, `"two"`, "-1", "0 or more")
	wantPanic(t, b, weighting.Fixed{"two": math.NaN()}, "NaN")
	wantPanic(t, b, weighting.Fixed{"two": math.Inf(1)}, "Inf")
	wantPanic(t, b, weighting.DWA{Temperature: -2}, "DWA.Temperature is -2", "above 0")
}
