package weighting_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/internal/weigh"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// byRows is the independent form of a method with state: weights and combined gradient of a step, then what it learns. active holds the indices of the
// tasks to look at; the weights of others are 0.
type byRows func(s weigh.State, active []int) (weights, direction []float64)

// waves are steps of three tasks that differ in every number, with three parts each; where masked, task 1 is absent in two of three steps, also from the
// first.
func waves(count int, masked bool) []weigh.State {
	states := make([]weigh.State, count)
	for i := range states {
		wave := func(k, t, part int) float64 {
			return math.Sin(float64(i*i) + 1.3*float64(k*k) + 2.1*float64(t*k) + 0.7*float64(part*k+part))
		}
		matrix := func(part int) (rows [][]float64) {
			for t := range 3 {
				var row []float64
				for k := range 5 {
					row = append(row, wave(k+1, t, part)*float64(1+2*t))
				}
				rows = append(rows, row)
			}
			return rows
		}
		states[i].Jacobian = matrix(0)
		for t := range 3 {
			states[i].Losses = append(states[i].Losses, 1.2+wave(7, t, 1))
		}
		for part := range 3 {
			states[i].Parts = append(states[i].Parts, matrix(part+1))
		}
		states[i].Active = []bool{true, !masked || i%3 == 2, true}
	}
	return states
}

func activeOf(s weigh.State) (active []int) {
	for t, a := range s.Active {
		if a {
			active = append(active, t)
		}
	}
	return active
}

func mix(weights []float64, rows [][]float64) []float64 {
	sum := make([]float64, len(rows[0]))
	for t, row := range rows {
		for k, x := range row {
			sum[k] += weights[t] * x
		}
	}
	return sum
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for k := range a {
		sum += a[k] * b[k]
	}
	return sum
}

func norm(a []float64) float64 { return math.Sqrt(dot(a, a)) }

func filled(n int, x float64) []float64 { return slices.Repeat([]float64{x}, n) }

// share is the simplex state by hand: the active tasks' weights scaled to the sum 1, and the way back.
func share(all []float64, active []int) (weights []float64, keep func(next []float64)) {
	sum := 0.0
	for _, t := range active {
		sum += all[t]
	}
	weights = make([]float64, len(all))
	for _, t := range active {
		weights[t] = all[t] / sum
	}
	return weights, func(next []float64) {
		for _, t := range active {
			all[t] = next[t] * sum
		}
	}
}

func softmax(x []float64, active []int) []float64 {
	w, sum := make([]float64, len(x)), 0.0
	for _, t := range active {
		sum += math.Exp(x[t])
	}
	for _, t := range active {
		w[t] = math.Exp(x[t]) / sum
	}
	return w
}

// onSimplex is the nearest point of the simplex over active tasks, by the sorted values less the largest.
func onSimplex(v []float64, active []int) []float64 {
	var sorted []float64
	for _, t := range active {
		sorted = append(sorted, v[t])
	}
	slices.Sort(sorted)
	slices.Reverse(sorted)
	w, top, sum, level := make([]float64, len(v)), sorted[0], 0.0, 0.0
	for i, x := range sorted {
		sum += x - top
		if next := (sum - 1) / float64(i+1); x-top > next {
			level = next
		}
	}
	for _, t := range active {
		w[t] = max(v[t]-top-level, 0)
	}
	return w
}

// crossed is the part of ABᵀ for active tasks.
func crossed(a, b [][]float64, active []int) [][]float64 {
	m := make([][]float64, len(a))
	for i := range m {
		m[i] = make([]float64, len(a))
	}
	for _, i := range active {
		for _, j := range active {
			m[i][j] = dot(a[i], b[j])
		}
	}
	return m
}

func moco(beta, betaDecay, gamma, gammaDecay, rho float64, project bool) func() byRows {
	return func() byRows {
		step, y, all := 0.0, make([][]float64, 3), filled(3, 1.0/3)
		for t := range y {
			y[t] = make([]float64, 5)
		}
		return func(s weigh.State, active []int) ([]float64, []float64) {
			step++
			for _, t := range active {
				for k, x := range s.Jacobian[t] {
					want := x / (norm(s.Jacobian[t]) + 1e-8) * s.Losses[t]
					y[t][k] -= beta / math.Pow(step, betaDecay) * (y[t][k] - want)
				}
			}
			old, keep := share(all, active)
			gramian, next := crossed(y, y, active), make([]float64, 3)
			for i := range next {
				next[i] = old[i] - gamma/math.Pow(step, gammaDecay)*(dot(gramian[i], old)+rho*old[i])
			}
			if project {
				next = onSimplex(next, active)
			} else {
				next = softmax(next, active)
			}
			keep(next)
			return next, mix(next, y)
		}
	}
}

func modo(gamma, rho float64) func() byRows {
	return func() byRows {
		all := filled(3, 1.0/3)
		return func(s weigh.State, active []int) ([]float64, []float64) {
			old, keep := share(all, active)
			a, next := crossed(s.Parts[0], s.Parts[1], active), make([]float64, 3)
			for i := range next {
				next[i] = old[i] - gamma*(dot(a[i], old)+rho*old[i])
			}
			next = onSimplex(next, active)
			keep(next)
			return next, mix(next, s.Parts[2])
		}
	}
}

func sdmgrad(lambda, rate float64, iterations int) func() byRows {
	return func() byRows {
		all := filled(3, 1.0/3)
		return func(s weigh.State, active []int) ([]float64, []float64) {
			w, keep := share(all, active)
			a, size, n := crossed(s.Parts[1], s.Parts[2], active), 0.0, float64(len(active))
			for t := range a {
				size += math.Sqrt(max(a[t][t], 0)) / n
			}
			velocity := make([]float64, 3)
			for range iterations {
				moved := slices.Clone(w)
				for i := range w {
					force := 0.0
					for _, j := range active {
						force += a[i][j] / (size*size + 1e-8) * (w[j] + lambda/n)
					}
					velocity[i] = 0.5*velocity[i] + force
					moved[i] = w[i] - rate*velocity[i]
				}
				w = onSimplex(moved, active)
			}
			keep(w)
			weights := make([]float64, 3)
			for _, t := range active {
				weights[t] = (w[t] + lambda/n) / (1 + lambda)
			}
			return weights, mix(weights, s.Parts[0])
		}
	}
}

func excess(rate float64) func() byRows {
	return func() byRows {
		sums, first, w := make([][]float64, 3), make([]float64, 3), filled(3, 1)
		for t := range sums {
			sums[t] = make([]float64, 5)
		}
		return func(s weigh.State, active []int) ([]float64, []float64) {
			before, after, weights := 0.0, 0.0, make([]float64, 3)
			for _, t := range active {
				e := 0.0
				for k, x := range s.Jacobian[t] {
					sums[t][k] += x * x
					e += x * x / math.Sqrt(sums[t][k]+1e-7)
				}
				before += w[t]
				if first[t] > 0 {
					w[t] *= math.Exp(rate * e / first[t])
				} else {
					first[t] = e
				}
				after += w[t]
			}
			for _, t := range active {
				weights[t] = w[t] / after * float64(len(active))
				w[t] *= before / after
			}
			return weights, mix(weights, s.Jacobian)
		}
	}
}

func dbmtl(beta, decay float64) func() byRows {
	return func() byRows {
		step, average := 0.0, make([][]float64, 3)
		for t := range average {
			average[t] = make([]float64, 5)
		}
		return func(s weigh.State, active []int) ([]float64, []float64) {
			step++
			largest := 0.0
			for _, t := range active {
				for k, x := range s.Jacobian[t] {
					slope := x / (s.Losses[t] + 1e-8)
					average[t][k] = slope + beta/math.Pow(step, decay)*(average[t][k]-slope)
				}
				largest = max(largest, norm(average[t]))
			}
			factors, weights := make([]float64, 3), make([]float64, 3)
			for _, t := range active {
				factors[t] = largest / (norm(average[t]) + 1e-8)
				weights[t] = factors[t] / (s.Losses[t] + 1e-8)
			}
			return weights, mix(factors, average)
		}
	}
}

func trimmed(trim int) func() byRows {
	return func() byRows {
		return func(s weigh.State, active []int) ([]float64, []float64) {
			cut := min(trim, (len(active)-1)/2)
			weights, direction := make([]float64, 3), make([]float64, 5)
			for k := range direction {
				var column []float64
				for _, t := range active {
					weights[t] = 1 / float64(len(active))
					column = append(column, s.Jacobian[t][k])
				}
				slices.Sort(column)
				for _, x := range column[cut : len(column)-cut] {
					direction[k] += x / float64(len(column)-2*cut)
				}
			}
			return weights, direction
		}
	}
}

func TestRecurrencesOnRows(t *testing.T) {
	cases := []struct {
		name   string
		method mtl.Weighting
		hand   func() byRows
	}{
		{"moco", weighting.MoCo{}, moco(0.5, 0.5, 0.1, 0.5, 0, false)},
		{"moco, projected", weighting.MoCo{Beta: 0.9, BetaDecay: 1, Gamma: 0.05, GammaDecay: 0.25, Rho: 0.3, Project: true}, moco(0.9, 1, 0.05, 0.25, 0.3, true)},
		{"modo", weighting.MoDo{}, modo(1e-3, 0.1)},
		{"modo, fast", weighting.MoDo{Gamma: 0.05, Rho: 2}, modo(0.05, 2)},
		{"sdmgrad", weighting.SDMGrad{}, sdmgrad(0.3, 5, 20)},
		{"sdmgrad, slow", weighting.SDMGrad{Lambda: 1, Rate: 0.05, Iterations: 7}, sdmgrad(1, 0.05, 7)},
		{"excess", weighting.ExcessMTL{}, excess(0.01)},
		{"excess, fast", weighting.ExcessMTL{Rate: 1}, excess(1)},
		{"db-mtl", weighting.DBMTL{}, dbmtl(0.9, 0)},
		{"db-mtl, decay", weighting.DBMTL{Beta: 0.7, Decay: 0.5}, dbmtl(0.7, 0.5)},
		{"trimmed mean", weighting.TrimmedMean{Trim: 1}, trimmed(1)},
		{"mean", weighting.TrimmedMean{}, trimmed(0)},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				session, err := weigh.NewSession(backend, c.method, dtypes.Float64, 1)
				if err != nil {
					t.Fatal(err)
				}
				for _, masked := range []bool{false, true} {
					if err := session.Reset(); err != nil {
						t.Fatal(err)
					}
					hand := c.hand()
					for i, state := range waves(9, masked) {
						got, err := session.Step(state)
						if err != nil {
							t.Fatalf("%+v", err)
						}
						weights, direction := hand(state, activeOf(state))
						what := fmt.Sprintf("step %d, masked %v", i, masked)
						closeTo(t, what+": weights", got.Weights, weights, 1e-9)
						closeTo(t, what+": direction", got.Direction, direction, 1e-9)
					}
				}
			})
		}
	})
}

// GradNorm on the model that can be followed by hand: the scale learns by the model's gradient descent.
func TestGradNorm(t *testing.T) {
	for _, alpha := range []float64{1.5, 0.5} {
		for _, masked := range []bool{false, true} {
			steps := batches(40, masked)
			backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
				got, store := trained(t, backend, weighting.GradNorm{Alpha: alpha}, steps)
				path, scale := gradNormByHand(alpha, steps)
				compare(t, "theta by step", got, path)
				compare(t, "scale", values(t, store, "/mtl/gradnorm/scale"), scale)
			})
		}
	}
}

func gradNormByHand(alpha float64, steps []batch) (path, scale []float64) {
	theta, first := theta0, make([]float64, len(factors))
	scale = make([]float64, len(factors))
	for _, b := range steps {
		var active []int
		ratio, slopes := make([]float64, len(factors)), make([]float64, len(factors))
		meanRatio := 0.0
		for t := range factors {
			loss, slope, known := b.loss(t, theta)
			if !known {
				continue
			}
			if first[t] == 0 {
				first[t] = loss
			}
			active = append(active, t)
			ratio[t], slopes[t] = loss/first[t], slope
			meanRatio += ratio[t]
		}
		n := float64(len(active))
		meanRatio /= n
		weights, meanNorm, pull := softmax(scale, active), 0.0, make([]float64, len(factors))
		for _, t := range active {
			weights[t] *= n
			meanNorm += weights[t] * math.Abs(slopes[t]) / n
		}
		for _, t := range active { // d/dscale_i Σ_t |w_t·n_t - target_t|
			off := weights[t]*math.Abs(slopes[t]) - meanNorm*math.Pow(ratio[t]/meanRatio, alpha)
			sign := 1.0
			if off < 0 {
				sign = -1
			}
			for _, i := range active {
				slope := -weights[t] * weights[i] / n
				if i == t {
					slope += weights[t]
				}
				pull[i] += sign * math.Abs(slopes[t]) * slope
			}
		}
		for _, t := range active {
			theta -= learningRate * weights[t] * slopes[t]
			scale[t] -= learningRate * pull[t]
		}
		path = append(path, theta)
	}
	return path, scale
}

// Every coordinate of GradDrop is the sum of the positive or of the negative gradients, plus the leak, and positive as often as the purity says.
func TestGradDrop(t *testing.T) {
	const d = 6000
	leak := []float64{0.5, 0, 0.25}
	var state weigh.State
	for _, x := range []float64{3, -1, -0.5} {
		state.Jacobian = append(state.Jacobian, filled(d, x))
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, method := range []weighting.GradDrop{{}, {Leak: leak}} {
			up, down := 3.0, -1.5
			if method.Leak != nil {
				up, down = 3-0.25*0.5, 0.5*3-1-0.5
			}
			session, err := weigh.NewSession(backend, method, dtypes.Float64, 3)
			if err != nil {
				t.Fatal(err)
			}
			positive := 0.0
			for range 3 {
				r, err := session.Step(state)
				if err != nil {
					t.Fatalf("%+v", err)
				}
				for _, x := range r.Direction {
					switch {
					case math.Abs(x-up) < 1e-12:
						positive++
					case math.Abs(x-down) > 1e-12:
						t.Fatalf("a coordinate is %v; wanted %v or %v", x, up, down)
					}
				}
			}
			purity := 0.5 * (1 + 1.5/4.5) // deviation of the mean of 18000: 0.0035
			if got := positive / (3 * d); math.Abs(got-purity) > 0.015 {
				t.Errorf("%v of the coordinates are positive; wanted %v", got, purity)
			}
		}
	})
}

// The example of methods whose rows are of very different sizes.
func TestTrimmedMean(t *testing.T) {
	session, err := weigh.NewSession(backendtest.Go(t), weighting.TrimmedMean{Trim: 1}, dtypes.Float64, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := session.Step(weigh.State{Jacobian: [][]float64{{1e11, 3}, {1, -1e11}, {-1e10, 1e10}, {2, 2}}})
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, "direction", r.Direction, []float64{1.5, 2.5}, 1e-12)
}

// Raw heads of DB-MTL get the gradient of the loss's logarithm; every state variable is out of the optimiser's reach.
func TestHeadsAndState(t *testing.T) {
	methods := []mtl.Weighting{
		weighting.GradNorm{}, weighting.MoCo{}, weighting.MoDo{}, weighting.SDMGrad{}, weighting.ExcessMTL{}, weighting.DBMTL{}, weighting.GradDrop{},
	}
	state := waves(1, false)[0]
	for _, method := range methods {
		session, err := weigh.NewSession(backendtest.Go(t), method, dtypes.Float64, 1)
		if err != nil {
			t.Fatal(err)
		}
		r, err := session.Step(state)
		if err != nil {
			t.Fatalf("%T: %+v", method, err)
		}
		want := filled(3, 1)
		switch method.(type) {
		case weighting.DBMTL:
			for i, loss := range state.Losses {
				want[i] = 1 / (loss + 1e-8)
			}
		case weighting.GradNorm, weighting.ExcessMTL:
			want = r.Weights
		}
		closeTo(t, fmt.Sprintf("%T: heads", method), r.Heads, want, 1e-12)
		for v := range session.Store.IterVariables() {
			if v.Trainable != (v.Path() == "/mtl/gradnorm/scale") && v.DType().IsFloat() {
				t.Errorf("%s: trainable is %v", v.Path(), v.Trainable)
			}
		}
	}
}

func TestBadFields(t *testing.T) {
	b := backendtest.Go(t)
	wantPanic(t, b, weighting.GradNorm{Alpha: -1}, "GradNorm", "Alpha", "-1", "1.5")
	wantPanic(t, b, weighting.MoCo{Beta: math.NaN()}, "MoCo", "Beta", "NaN")
	wantPanic(t, b, weighting.GradDrop{Leak: []float64{0, 1}}, "GradDrop", "2 values", "3 tasks")
	wantPanic(t, b, weighting.GradDrop{Leak: []float64{0, 1, 2}}, "GradDrop", `"three"`, "2")
	wantPanic(t, b, weighting.TrimmedMean{Trim: 2}, "TrimmedMean", "2", "3 tasks")
	wantPanic(t, b, weighting.SDMGrad{Iterations: -1}, "SDMGrad", "Iterations", "-1")
	wantPanic(t, b, weighting.AutoLambda{Primary: []string{"tow"}}, "AutoLambda", `"tow"`, `"one" "two" "three"`)
	wantPanic(t, b, weighting.FORUM{Phi: math.Inf(1)}, "FORUM", "Phi", "Inf")
}

// closeTo fails where got leaves want by more than tolerance, relative to the larger of 1 and want.
func closeTo(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values; wanted %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tolerance*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: %v; wanted %v", what, got, want)
		}
	}
}
