package weightingtest

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomtl/gomtl/internal/weigh"
	"pgregory.net/rapid"
)

// Property is something that a method may or may not have. It is about the first step, from random Jacobians, losses of 1, and fixed random numbers of the
// method.
type Property struct {
	name      string
	matrices  func(*rapid.T) [][]float64
	tolerance float64
	// excess says by how much a sample breaks the property, relative to the size of the gradients.
	excess func(s *subject, m sample) float64
	// refuted wants a counterexample instead.
	refuted bool
}

// Not asserts that there is a counterexample to p, one that breaks it by ten times its tolerance.
func Not(p Property) Property {
	p.name, p.refuted = "not "+p.name, true
	return p
}

// NonConflicting says that the combined gradient d has ⟨g_t, d⟩ ≥ 0 for every task, so that a small step makes no loss larger. The tolerance is relative to
// ‖g‖²·w of the largest gradient and weight.
func NonConflicting(tolerance float64) Property {
	return Property{name: "non-conflicting", matrices: anyMatrix, tolerance: tolerance, excess: func(s *subject, m sample) float64 {
		r := s.first(m.jacobian)
		worst := 0.0
		for _, row := range m.jacobian {
			worst = math.Max(worst, -dot(row, r.Direction))
		}
		return relative(worst, largestNorm(m.jacobian)*scale(m.jacobian, r))
	}}
}

// PermutationInvariant says that the order of the tasks does not matter to the combined gradient.
func PermutationInvariant(tolerance float64) Property {
	return Property{name: "permutation-invariant", matrices: anyMatrix, tolerance: tolerance, excess: func(s *subject, m sample) float64 {
		permuted := make([][]float64, len(m.order))
		for i, from := range m.order {
			permuted[i] = m.jacobian[from]
		}
		r, p := s.first(m.jacobian), s.first(permuted)
		return relative(distance(r.Direction, p.Direction), scale(m.jacobian, r)+scale(permuted, p))
	}}
}

// LinearUnderScaling says that the combined gradient is linear in positive factors of the tasks' gradients, A(diag(αa+βb)·J) = α·A(diag(a)·J) + β·A(diag(b)·J),
// so that a task with smaller gradients has proportionally less say.
func LinearUnderScaling(tolerance float64) Property {
	return Property{name: "linear under scaling", matrices: anyMatrix, tolerance: tolerance, excess: func(s *subject, m sample) float64 {
		both := make([]float64, len(m.a))
		for t := range both {
			both[t] = 0.75*m.a[t] + 1.25*m.b[t]
		}
		scaled := func(by []float64) (*weigh.Result, float64) {
			jacobian := times(m.jacobian, by)
			r := s.first(jacobian)
			return r, scale(jacobian, r)
		}
		a, sizeA := scaled(m.a)
		b, sizeB := scaled(m.b)
		sum, size := scaled(both)
		want := make([]float64, len(a.Direction))
		for k := range want {
			want[k] = 0.75*a.Direction[k] + 1.25*b.Direction[k]
		}
		return relative(distance(sum.Direction, want), size+0.75*sizeA+1.25*sizeB)
	}}
}

// Homogeneous says that gradients all c times as large, c > 0, combine to one c times as large.
func Homogeneous(tolerance float64) Property {
	return Property{name: "homogeneous", matrices: anyMatrix, tolerance: tolerance, excess: func(s *subject, m sample) float64 {
		factors := make([]float64, len(m.jacobian))
		for t := range factors {
			factors[t] = m.factor
		}
		r, c := s.first(m.jacobian), s.first(times(m.jacobian, factors))
		for k := range c.Direction {
			c.Direction[k] /= m.factor
		}
		return relative(distance(r.Direction, c.Direction), scale(m.jacobian, r))
	}}
}

// StronglyStationary says that the combined gradient is 0 only where some combination of the gradients with all weights positive is 0. Elsewhere its norm is
// at least threshold times that of the largest gradient.
func StronglyStationary(threshold float64) Property {
	return Property{name: "strongly stationary", matrices: notStronglyStationary, tolerance: 0, excess: func(s *subject, m sample) float64 {
		r := s.first(m.jacobian)
		return math.Max(0, threshold-relative(norm(r.Direction), largestNorm(m.jacobian)))
	}}
}

// Stops says that the combined gradient is 0 where a convex combination of some of the gradients is (Pareto stationarity).
func Stops(tolerance float64) Property {
	return Property{name: "stops where stationary", matrices: weaklyStationary, tolerance: tolerance, excess: func(s *subject, m sample) float64 {
		r := s.first(m.jacobian)
		return relative(norm(r.Direction), largestNorm(m.jacobian))
	}}
}

// OnSimplex says that the weights are not negative and sum to total, of T tasks.
func OnSimplex(total func(tasks int) float64) Property {
	return Property{name: "weights on a simplex", matrices: anyMatrix, tolerance: 1e-9, excess: func(s *subject, m sample) float64 {
		r := s.first(m.jacobian)
		sum, lowest := 0.0, 0.0
		for _, w := range r.Weights {
			sum, lowest = sum+w, math.Min(lowest, w)
		}
		want := total(len(r.Weights))
		return math.Max(math.Abs(sum-want)/want, -lowest)
	}}
}

func (p Property) test(t *testing.T, s *subject) {
	samples := draw(p.matrices)
	if p.refuted {
		p.refute(t, s, samples)
		return
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := samples.Draw(rt, "sample")
		if excess := p.excess(s, m); !(excess <= p.tolerance) {
			rt.Fatalf("%T %+v is not %s: off by %.3g (%g is allowed) for the gradients %v", s.method, s.method, p.name, excess, p.tolerance, m.jacobian)
		}
	})
}

func (p Property) refute(t *testing.T, s *subject, samples *rapid.Generator[sample]) {
	worst := 0.0
	for seed := range 500 {
		m := samples.Example(seed)
		excess := p.excess(s, m)
		if excess > 10*p.tolerance {
			t.Logf("counterexample, off by %.3g: gradients %v", excess, fmt.Sprint(m.jacobian))
			return
		}
		worst = math.Max(worst, excess)
	}
	t.Errorf("%T %+v: no counterexample in 500: the worst was off by %.3g, %g is allowed", s.method, s.method, worst, p.tolerance)
}

// scale is the size of what a method adds up: the largest gradient's norm times the largest weight, or the combined gradient's norm.
func scale(jacobian [][]float64, r *weigh.Result) float64 {
	largest := 0.0
	for _, w := range r.Weights {
		largest = math.Max(largest, math.Abs(w))
	}
	return math.Max(largest*largestNorm(jacobian), norm(r.Direction))
}

// relative is a/b, and 0 for 0/0.
func relative(a, b float64) float64 {
	if a == 0 {
		return 0
	}
	return a / b
}

func times(jacobian [][]float64, factors []float64) [][]float64 {
	out := make([][]float64, len(jacobian))
	for t, row := range jacobian {
		for _, x := range row {
			out[t] = append(out[t], factors[t]*x)
		}
	}
	return out
}
