package mtl

import (
	"math"
	"testing"
)

func TestSchedules(t *testing.T) {
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	cosine := Cosine{WarmUp: 10, Final: 0.1}
	at := func(step int) float64 { return cosine.Factor(Progress{Step: step, Steps: 110}) }
	near("first warm-up step", at(0), 0.1)
	near("last warm-up step", at(9), 1)
	near("top", at(10), 1)
	near("half way", at(60), 0.55)
	near("a quarter of the way", at(35), 0.1+0.9*(1+math.Sqrt2/2)/2)
	near("end", at(110), 0.1)

	near("before the first decay", StepDecay{Every: 30}.Factor(Progress{Step: 29}), 1)
	near("after the first decay", StepDecay{Every: 30}.Factor(Progress{Step: 30}), 0.1)
	near("after the second decay", StepDecay{Every: 30, Gamma: 0.5}.Factor(Progress{Step: 60}), 0.25)

	plateau := func(values ...float64) float64 {
		return Plateau{Gamma: 0.5, Patience: 2, MinDelta: 0.01, Minimum: 0.2}.Factor(Progress{Validations: values})
	}
	near("no validation yet", plateau(), 1)
	near("improving", plateau(3, 2, 1), 1)
	near("one wait", plateau(3, 2, 2), 1)
	near("two waits", plateau(3, 2, 2, 2), 0.5)
	near("an improvement below the delta is none", plateau(3, 2, 1.995, 1.995), 0.5)
	near("improved in between", plateau(3, 2, 2, 1, 1), 1)
	near("four waits", plateau(3, 2, 2, 2, 2, 2), 0.25)
	near("not below the minimum", plateau(3, 2, 2, 2, 2, 2, 2, 2), 0.2)
}

func TestSinceBest(t *testing.T) {
	for _, test := range []struct {
		values       []float64
		delta        float64
		best, waited int
	}{
		{nil, 0, -1, 0},
		{[]float64{1}, 0, 0, 0},
		{[]float64{3, 2, 2, 4}, 0, 1, 2},
		{[]float64{3, 2.99, 2.98}, 0.05, 0, 2},
		{[]float64{math.NaN(), 2, math.NaN()}, 0, 1, 1},
	} {
		if best, waited := sinceBest(test.values, test.delta); best != test.best || waited != test.waited {
			t.Errorf("%v, delta %v: best %d, waited %d; want %d, %d", test.values, test.delta, best, waited, test.best, test.waited)
		}
	}
}

func TestSampler(t *testing.T) {
	const rows, batch = 103, 10
	whole := newSampler(5, rows, batch).next(0, 25)
	// An epoch has no row twice.
	for epoch := range 2 {
		seen := map[int32]bool{}
		for _, row := range whole[epoch*100 : (epoch+1)*100] {
			if row < 0 || row >= rows || seen[row] {
				t.Fatalf("epoch %d: row %d", epoch, row)
			}
			seen[row] = true
		}
	}
	// Any cut gives the same rows, also when it begins in the middle.
	for start := range 25 {
		s := newSampler(5, rows, batch)
		for step := start; step < 25; step++ {
			for k, row := range s.next(step, 1) {
				if row != whole[step*batch+k] {
					t.Fatalf("from step %d: row %d of step %d is %d, want %d", start, k, step, row, whole[step*batch+k])
				}
			}
		}
	}
	if other := newSampler(6, rows, batch).next(0, 1); other[0] == whole[0] && other[1] == whole[1] && other[2] == whole[2] {
		t.Error("another seed gives the same rows")
	}
}
