package weighting_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/internal/weigh"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// formula is a weighting by hand that is a function of the losses of active tasks.
type formula func(losses []float64) []float64

func (f formula) weights(losses []float64, active []bool) []float64 {
	var present []float64
	for t, l := range losses {
		if active[t] {
			present = append(present, l)
		}
	}
	got, w := f(present), make([]float64, len(losses))
	for t := range losses {
		if active[t] {
			w[t], got = got[0], got[1:]
		}
	}
	return w
}

// slopes is the gradient of an objective by central differences.
func slopes(objective func(losses []float64) float64) formula {
	return func(losses []float64) []float64 {
		return derivative(objective, losses)
	}
}

func geometricMean(losses []float64) float64 {
	product := 1.0
	for _, l := range losses {
		product *= l
	}
	return math.Pow(product, 1/float64(len(losses)))
}

func smoothMaximum(mu float64) func(losses []float64) float64 {
	return func(losses []float64) float64 {
		sum := 0.0
		for _, l := range losses {
			sum += math.Exp(l / float64(len(losses)) / mu)
		}
		return mu * math.Log(sum)
	}
}

func boundaryIntersection(theta float64) func(losses []float64) float64 {
	return func(losses []float64) float64 {
		along, squares := 0.0, 0.0
		for _, l := range losses {
			along += l / math.Sqrt(float64(len(losses)))
			squares += l * l
		}
		return along + theta*math.Sqrt(math.Max(squares-along*along, 0))
	}
}

func alignment(lambda float64) func(losses []float64) float64 {
	return func(losses []float64) float64 {
		sum, squares, n := 0.0, 0.0, float64(len(losses))
		for _, l := range losses {
			sum, squares = sum+l, squares+l*l
		}
		return sum/n - lambda*sum/math.Sqrt(n*squares)
	}
}

// learntScale is IMTL-L by hand: ∂/∂s (exp(s)·L − s) = exp(s)·L − 1.
type learntScale struct{ s []float64 }

func (m *learntScale) weights(losses []float64, active []bool) []float64 {
	w := make([]float64, len(losses))
	for t, l := range losses {
		w[t] = math.Exp(m.s[t])
		if active[t] {
			m.s[t] -= learningRate * (w[t]*l - 1)
		}
	}
	return w
}

// fast is FAMO by hand.
type fast struct {
	logits, bounds []float64
	before         []float64
	rate, decay    float64
	adam           *handAdam
}

func indices(active []bool) (on []int) {
	for t, a := range active {
		if a {
			on = append(on, t)
		}
	}
	return on
}

func (f *fast) weights(losses []float64, active []bool) []float64 {
	w, sum := softmax(f.logits, indices(active)), 0.0
	f.before = make([]float64, len(losses))
	for t, l := range losses {
		f.before[t] = math.Max(l-f.bounds[t], 0) + 1e-8
		w[t] /= f.before[t]
		sum += w[t]
	}
	for t := range w {
		w[t] /= sum
	}
	return w
}

func (f *fast) after(losses []float64, active []bool) {
	on := indices(active)
	z, mean := softmax(f.logits, on), 0.0
	fall := make([]float64, len(losses))
	for _, t := range on {
		fall[t] = math.Log(f.before[t]) - math.Log(math.Max(losses[t]-f.bounds[t], 0)+1e-8)
		mean += z[t] * fall[t]
	}
	gradient := make([]float64, len(losses))
	for _, t := range on {
		gradient[t] = z[t]*(fall[t]-mean) + f.decay*f.logits[t]
	}
	f.adam.update(f.logits, gradient, f.rate, on)
}

// logNadir is STCHLogNadir by hand.
type logNadir struct {
	mu             float64
	warmUp, window int
	steps          int
	sum, count     []float64
}

func (m *logNadir) weights(losses []float64, active []bool) []float64 {
	epoch := m.steps / m.window
	m.steps++
	logs, w := make([]float64, len(losses)), make([]float64, len(losses))
	for _, t := range indices(active) {
		if epoch == m.warmUp || epoch > m.warmUp && m.count[t] == 0 {
			m.sum[t], m.count[t] = m.sum[t]+losses[t], m.count[t]+1
		}
		w[t] = 1 / losses[t]
		if epoch > m.warmUp {
			logs[t] = math.Log(losses[t]/(m.sum[t]/m.count[t])) / m.mu
		}
	}
	if epoch > m.warmUp {
		share := softmax(logs, indices(active))
		for t := range w {
			w[t] *= share[t] * float64(len(indices(active)))
		}
	}
	return w
}

// smooth is Smoothed by hand.
type smooth struct {
	method  method
	alpha   float64
	average []float64
}

func (m *smooth) weights(losses []float64, active []bool) []float64 {
	w := m.method.weights(losses, active)
	for _, t := range indices(active) {
		if math.IsNaN(m.average[t]) {
			m.average[t] = w[t]
		}
		m.average[t] = m.alpha*m.average[t] + (1-m.alpha)*w[t]
	}
	return append([]float64(nil), m.average...)
}

func unknown() []float64 { return filled(3, math.NaN()) }

// Training a model with a loss weighting takes the steps that gradient descent by hand takes.
func TestLossWeightingsByHand(t *testing.T) {
	cases := []struct {
		name string
		w    mtl.Weighting
		hand func() method
	}{
		{"mean", weighting.Mean{}, func() method {
			return formula(func(l []float64) []float64 { return filled(len(l), 1/float64(len(l))) })
		}},
		{"gls", weighting.GLS{}, func() method { return slopes(geometricMean) }},
		{"scale invariant", weighting.ScaleInvariant{Offset: 0.5}, func() method {
			return slopes(func(l []float64) float64 {
				sum := 0.0
				for _, x := range l {
					sum += math.Log(x + 0.5)
				}
				return sum
			})
		}},
		{"stch", weighting.STCH{Mu: 0.2}, func() method { return slopes(smoothMaximum(0.2)) }},
		{"pbi", weighting.PBI{Theta: 0.7}, func() method { return slopes(boundaryIntersection(0.7)) }},
		{"cosmos", weighting.COSMOS{}, func() method { return slopes(alignment(2)) }},
		{"imtl-l", weighting.IMTLL{}, func() method { return &learntScale{make([]float64, 3)} }},
		{"famo", weighting.FAMO{LearningRate: 0.2, Decay: 0.1, MinLosses: []float64{-0.1, 0, 0.01}}, func() method {
			return &fast{logits: make([]float64, 3), bounds: []float64{-0.1, 0, 0.01}, rate: 0.2, decay: 0.1, adam: newHandAdam()}
		}},
		{"stch log nadir", weighting.STCHLogNadir{Mu: 0.5, WarmUp: 2, Window: 3}, func() method {
			return &logNadir{mu: 0.5, warmUp: 2, window: 3, sum: make([]float64, 3), count: make([]float64, 3)}
		}},
		{"smoothed stch", weighting.Smoothed{Method: weighting.STCH{Mu: 0.2}}, func() method {
			return &smooth{slopes(smoothMaximum(0.2)), 0.9, unknown()}
		}},
		{"smoothed uncertainty", weighting.Smoothed{Method: weighting.Uncertainty{}, Factor: 0.5}, func() method {
			return &smooth{&learntVariance{make([]float64, 3)}, 0.5, unknown()}
		}},
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, c := range cases {
			for _, masked := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, masked %v", c.name, masked), func(t *testing.T) {
					steps := batches(40, masked)
					got, _ := trained(t, b, c.w, steps)
					compare(t, "theta by step", got, byHand(c.hand(), steps))
				})
			}
		}
	})
}

// Uncertainty's factor is 1 for classification: twice the weight at first, and the optimum s_t is where 2·L_t = exp(s_t), not L_t.
func TestClassificationFactor(t *testing.T) {
	s := session(t, backendtest.Go(t), weighting.Uncertainty{InitialLogVariance: 0.3, Classification: []string{"task1"}})
	got := step(t, s, weigh.State{Jacobian: identity(3)})
	wantNear(t, "weights", got.Weights, []float64{math.Exp(-0.3) / 2, math.Exp(-0.3), math.Exp(-0.3) / 2}, 1e-12)
	wantNear(t, "penalty", []float64{got.Penalty}, []float64{0.45}, 1e-12)
}

// Random weights are on the simplex, uniform on average and left out where there is no label. With λ = 0 the weights of COSMOS are its
// preference, which has the variance (T−1)/(T²(T+1)) where it is uniform on the simplex.
func TestRandomLossWeights(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for name, w := range map[string]mtl.Weighting{"RLW": weighting.RLW{}, "COSMOS": weighting.COSMOS{Resample: true}} {
			s := session(t, b, w)
			state := weigh.State{Jacobian: identity(4), Losses: []float64{1, 2, 3, 4}, Active: []bool{true, true, false, true}}
			step(t, s, state)
			if name == "COSMOS" {
				prepareSession(t, s, map[string][]float64{"cosmos/lambda": {0}}, nil)
			}
			const draws = 4000
			mean, square := make([]float64, 4), 0.0
			for range draws {
				sum := 0.0
				for i, x := range step(t, s, state).Weights {
					sum, mean[i] = sum+x, mean[i]+x/draws
					if x < 0 {
						t.Fatalf("%s: weight %v", name, x)
					}
					if i == 0 {
						square += x * x / draws
					}
				}
				wantNear(t, name+": sum of weights", []float64{sum}, []float64{1}, 1e-12)
			}
			wantNear(t, name+": mean weights", mean, []float64{1. / 3, 1. / 3, 0, 1. / 3}, 0.015)
			if variance := square - mean[0]*mean[0]; name == "COSMOS" && math.Abs(variance-1./18) > 0.005 {
				t.Errorf("the variance of a preference is %v; wanted 1/18", variance)
			}
		}
	})
}

// Where a method needs a logarithm, a loss of 0 or less counts as no label, and so does one that is no number with every method.
func TestLossesWithoutLogarithm(t *testing.T) {
	bad := map[string]float64{"zero": 0, "negative": -3, "not a number": math.NaN(), "infinite": math.Inf(1)}
	methods := []mtl.Weighting{weighting.GLS{}, weighting.ScaleInvariant{}, weighting.STCHLogNadir{WarmUp: 1, Window: 1}}
	whole := []mtl.Weighting{weighting.Mean{}, weighting.STCH{}, weighting.PBI{}, weighting.COSMOS{}, weighting.FAMO{}, weighting.DWA{Window: 1},
		weighting.Smoothed{Method: weighting.GLS{}}}
	for i, w := range append(methods, whole...) {
		for name, loss := range bad {
			if i >= len(methods) && !math.IsNaN(loss) && !math.IsInf(loss, 0) {
				continue
			}
			with, without := session(t, backendtest.Go(t), w), session(t, backendtest.Go(t), w)
			for k := range 5 {
				losses := []float64{1 + float64(k), loss, 3}
				now := weigh.State{Jacobian: identity(3), Losses: losses, After: []float64{0.9, loss, 2.9}}
				got := step(t, with, now).Weights
				now = weigh.State{Jacobian: identity(2), Losses: []float64{losses[0], 3}, After: []float64{0.9, 2.9}}
				want := step(t, without, now).Weights
				wantNear(t, fmt.Sprintf("%T, %s, step %d", w, name, k), got, []float64{want[0], 0, want[1]}, 1e-12)
			}
		}
	}
}

// On the ray, PBI has no penalty; COSMOS has no pull; and losses of 0 have no direction.
func TestDirectionsWithoutSlope(t *testing.T) {
	b := backendtest.Go(t)
	p := []float64{0.5, 0.3, 0.2}
	length := math.Sqrt(0.25 + 0.09 + 0.04)
	ray := []float64{0.5 / length, 0.3 / length, 0.2 / length}
	for _, size := range []float64{0, 1e-20, 1, 1e20} {
		now := weigh.State{Jacobian: identity(3), Losses: []float64{0.5 * size, 0.3 * size, 0.2 * size}}
		pbi := step(t, session(t, b, weighting.PBI{Preference: p}), now)
		wantNear(t, fmt.Sprint("PBI at ", size), pbi.Weights, ray, 1e-8)
		cosmos := step(t, session(t, b, weighting.COSMOS{Preference: p}), now)
		if size != 1e-20 { // there, rounding errors divided by the length pull
			wantNear(t, fmt.Sprint("COSMOS at ", size), cosmos.Weights, p, 1e-12)
		}
	}
}

var threeTasks = [][]float64{{1, 0, 0.5, -1}, {-0.5, 1, 0.2, 0.3}, {0.3, -1.5, 1, 0.2}}

// PELTR on two tasks is MGDA's closed form, moved into the bounds; on three, no other point within them has a shorter combination.
func TestPELTR(t *testing.T) {
	a, b, c := 18.0, -22.0, 38.0 // the Gramian of twoTasks
	best := (c - b) / (a + c - 2*b)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		s := session(t, backend, weighting.PELTR{})
		wantNear(t, "weights of MGDA", step(t, s, weigh.State{Jacobian: twoTasks}).Weights, []float64{best, 1 - best}, 1e-9)
		for _, minimum := range [][]float64{{0.1, 0.2}, {0.7, 0.1}, {0, 0.5}, {0.3, 0.7}} {
			prepareSession(t, s, map[string][]float64{"peltr/minimum": minimum}, nil)
			w := math.Min(math.Max(best, minimum[0]), 1-minimum[1])
			got := step(t, s, weigh.State{Jacobian: twoTasks})
			wantNear(t, fmt.Sprint("weights at least ", minimum), got.Weights, []float64{w, 1 - w}, 1e-9)
			wantNear(t, "head factors", got.Heads, got.Weights, 0)
		}
		minimum := []float64{0.4, 0.1, 0.05}
		three := session(t, backend, weighting.PELTR{Minimum: minimum})
		got := step(t, three, weigh.State{Jacobian: threeTasks}).Weights
		length := norm(mix(got, threeTasks))
		wantNear(t, "sum", []float64{got[0] + got[1] + got[2]}, []float64{1}, 1e-12)
		for i := range 101 {
			for j := range 101 - i {
				other := []float64{minimum[0] + 0.45*float64(i)/100, minimum[1] + 0.45*float64(j)/100, 0}
				other[2] = 1 - other[0] - other[1]
				if norm(mix(other, threeTasks)) < length-1e-9 {
					t.Fatalf("%v is shorter than %v", other, got)
				}
			}
		}
		for i := range got {
			if got[i] < minimum[i]-1e-9 {
				t.Errorf("the weights are %v; wanted at least %v", got, minimum)
			}
		}
		// Without the second task its bound is void.
		left := step(t, three, weigh.State{Jacobian: threeTasks, Active: []bool{true, false, true}}).Weights
		two := [][]float64{threeTasks[0], threeTasks[2]}
		want := step(t, session(t, backend, weighting.PELTR{Minimum: []float64{0.4, 0.05}}), weigh.State{Jacobian: two}).Weights
		wantNear(t, "weights of two", left, []float64{want[0], 0, want[1]}, 1e-9)
	})
}

// PELTR's combinations are the exact ones of the fixture, which sets bounds for MGDA's problem.
func TestPELTRGolden(t *testing.T) {
	type matrix struct {
		Name     string
		Jacobian [][]float64
	}
	type record struct {
		Matrix, Method     string
		Params             struct{ Minimum []float64 }
		Weights, Direction []float64
		Float64            float64
	}
	jacobians := map[string][][]float64{}
	for _, m := range fixture[struct{ Cases []matrix }](t, "matrices.json").Cases {
		jacobians[m.Name] = m.Jacobian
	}
	b, compared := backendtest.Go(t), 0
	for _, r := range fixture[struct{ Cases []record }](t, "golden.json").Cases {
		if r.Method != "MGDA" || r.Params.Minimum == nil {
			continue
		}
		compared++
		rows := jacobians[r.Matrix]
		got, size := step(t, session(t, b, weighting.PELTR{Minimum: r.Params.Minimum}), weigh.State{Jacobian: rows}), 0.0
		for i, w := range r.Weights {
			size += math.Abs(w) * norm(rows[i])
		}
		for k, want := range r.Direction {
			if off := math.Abs(got.Direction[k] - want); !(off <= (1e-9+10*r.Float64)*size) {
				t.Errorf("%s: the combination %v; wanted %v (off by %.1g of its terms; one rounding by %.1g)", r.Matrix, got.Direction[k], want, off/size, r.Float64)
				break
			}
		}
	}
	if compared < 40 {
		t.Errorf("%d records were compared; wanted 40 or more", compared)
	}
}

// Smoothed leaves the heads what the method's paper does.
func TestSmoothedHeads(t *testing.T) {
	if got := (weighting.Smoothed{Method: weighting.Equal{}}).Heads(); got != mtl.WeightedHeads {
		t.Errorf("heads with equal weights get %s", got)
	}
	if got := (weighting.Smoothed{Method: weighting.PCGrad{}}).Heads(); got != mtl.RawHeads {
		t.Errorf("heads with PCGrad get %s", got)
	}
}

type nothing struct{}

func (nothing) Weights(s *mtl.Step) *graph.Node { return s.Losses }

func TestBadSettingsOfLossWeightings(t *testing.T) {
	b := backendtest.Go(t)
	nan := math.NaN()
	wantPanic(t, b, weighting.FAMO{LearningRate: -1}, "FAMO.LearningRate", "-1")
	wantPanic(t, b, weighting.FAMO{MinLosses: []float64{0, 1}}, "FAMO.MinLosses", "[0 1]", `"three"`)
	wantPanic(t, b, weighting.STCH{Mu: nan}, "STCH.Mu", "NaN")
	wantPanic(t, b, weighting.STCH{Preference: []float64{1, -1, 1}}, "STCH", "Preference", "-1")
	wantPanic(t, b, weighting.STCH{Ideal: []float64{0, nan, 0}}, "STCH.Ideal", "NaN")
	wantPanic(t, b, weighting.STCHLogNadir{WarmUp: -1}, "STCHLogNadir.WarmUp", "-1")
	wantPanic(t, b, weighting.STCHLogNadir{Window: -2}, "STCHLogNadir.Window", "-2")
	wantPanic(t, b, weighting.DWA{Window: -3}, "DWA.Window", "-3")
	wantPanic(t, b, weighting.PBI{Theta: -5}, "PBI.Theta", "-5")
	wantPanic(t, b, weighting.PBI{Preference: []float64{1, 1, 1}, Resample: true}, "PBI", "Preference", "Resample")
	wantPanic(t, b, weighting.COSMOS{Lambda: math.Inf(1)}, "COSMOS.Lambda", "Inf")
	wantPanic(t, b, weighting.ScaleInvariant{Offset: -1}, "ScaleInvariant.Offset", "-1")
	wantPanic(t, b, weighting.Uncertainty{Classification: []string{"tow"}}, `"tow"`, "no task", `"two"`)
	wantPanic(t, b, weighting.Smoothed{}, "Smoothed.Method")
	wantPanic(t, b, weighting.Smoothed{Method: mtl.Gradients{Method: nothing{}}}, "Smoothed.Method", "mtl.Gradients")
	wantPanic(t, b, weighting.Smoothed{Method: nothing{}, Factor: 1.5}, "Smoothed", "Factor", "1.5")
	wantPanic(t, b, weighting.PELTR{Minimum: []float64{0.5, 0.5, 0.5}}, "PELTR", "Minimum", "at most 1")
	wantPanic(t, b, weighting.PELTR{Minimum: []float64{0.5, 0.1}}, "PELTR", "a number for each")
}
