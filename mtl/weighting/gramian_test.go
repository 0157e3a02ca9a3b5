package weighting_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/internal/weigh"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// twoTasks conflict; fiveTasks are TorchJD's example of Krum, with a row far from the others.
var (
	twoTasks  = [][]float64{{-4, 1, 1}, {6, 1, 1}}
	fiveTasks = [][]float64{{1, 1, 1}, {1, 0, 1}, {75, -666, 23}, {1, 2, 3}, {2, 0, 1}}
)

// session is a method in float64 before its first step.
func session(t *testing.T, b compute.Backend, w mtl.Weighting) *weigh.Session {
	t.Helper()
	s, err := weigh.NewSession(b, w, dtypes.Float64, 1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func step(t *testing.T, s *weigh.Session, state weigh.State) *weigh.Result {
	t.Helper()
	r, err := s.Step(state)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantNear(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %v; wanted %v", what, got, want)
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tolerance*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: %v; wanted %v", what, got, want)
		}
	}
}

// Closed forms for two tasks, and for one.
func TestGramianMethodsByHand(t *testing.T) {
	a, b, c := 18.0, -22.0, 38.0 // the Gramian of twoTasks
	n1, n2 := math.Sqrt(a), math.Sqrt(c)
	cosine := b / (n1 * n2)
	det := math.Sqrt(a*c - b*b)
	// √G = (G + √det·I)/√(tr G + 2√det), so that G^(-1/2)·1 has the numerators c + √det - b and a + √det - b.
	aligned := func(square float64) []float64 {
		f := math.Sqrt(square) / (2 * det * math.Sqrt(a+c+2*det))
		return []float64{f * (c + det - b), f * (a + det - b)}
	}
	smallest := (a + c - math.Sqrt((a-c)*(a-c)+4*b*b)) / 2
	impartial := c*n1 - b*n2 + a*n2 - b*n1
	nash := []float64{1 / (n1 * math.Sqrt(1+cosine)), 1 / (n2 * math.Sqrt(1+cosine))}
	priority := func(tau float64) []float64 {
		mu := max(0, tau-cosine)
		length := math.Sqrt(1 + mu*mu + 2*mu*cosine)
		return []float64{1 / length, mu * n1 / n2 / length}
	}
	none := 1e-300
	cases := []struct {
		name        string
		w           mtl.Weighting
		two, single []float64 // twoTasks, and the gradient (3, 4) with loss 2
	}{
		{"mgda", weighting.MGDA{}, []float64{0.6, 0.4}, []float64{1}},
		{"mgda l2", weighting.MGDA{Normalization: weighting.NormNormalization}, []float64{0.5 / n1, 0.5 / n2}, []float64{1.0 / 5}},
		{"mgda loss", weighting.MGDA{Normalization: weighting.LossNormalization},
			[]float64{(c/25 - b/15) / (a/9 + c/25 - 2*b/15) / 3, (a/9 - b/15) / (a/9 + c/25 - 2*b/15) / 5}, []float64{0.5}},
		{"mgda loss+", weighting.MGDA{Normalization: weighting.LossNormNormalization},
			[]float64{(1.0/25 - cosine/15) / (1.0/9 + 1.0/25 - 2*cosine/15) / (3 * n1), (1.0/9 - cosine/15) / (1.0/9 + 1.0/25 - 2*cosine/15) / (5 * n2)}, []float64{0.1}},
		{"pcgrad", weighting.PCGrad{}, []float64{1 - b/a, 1 - b/c}, []float64{1}},
		{"gradvac", weighting.GradVac{}, []float64{1 - b/a, 1 - b/c}, []float64{1}},
		{"upgrad", weighting.UPGrad{RegEps: none}, []float64{(1 - b/a) / 2, (1 - b/c) / 2}, []float64{1}},
		{"upgrad, preference", weighting.UPGrad{RegEps: none, Preference: []float64{2, 1}}, []float64{2 - b/a, 1 - 2*b/c}, nil},
		{"dualproj", weighting.DualProj{RegEps: none}, []float64{-b / a / 2, 0.5}, []float64{1}},
		{"dualproj, preference", weighting.DualProj{RegEps: none, Preference: []float64{1, 1}}, []float64{-b / a, 1}, nil},
		{"imtl-g", weighting.IMTLG{}, []float64{(c*n1 - b*n2) / impartial, (a*n2 - b*n1) / impartial}, []float64{1}},
		{"imtl", weighting.IMTL{}, []float64{(c*n1 - b*n2) / impartial, (a*n2 - b*n1) / impartial}, []float64{1}},
		{"aligned", weighting.AlignedMTL{}, aligned(smallest), []float64{1}},
		{"aligned, median", weighting.AlignedMTL{Scale: weighting.MedianScale}, aligned(smallest), []float64{1}},
		{"aligned, rms", weighting.AlignedMTL{Scale: weighting.RMSScale}, aligned((a + c) / 2), []float64{1}},
		{"config", weighting.ConFIG{}, []float64{(n1 + n2) / (2 * n1), (n1 + n2) / (2 * n2)}, []float64{1}},
		// (0, 2, 2) serves both tasks equally, 4, and lies on the sphere of radius ‖g₀‖ around g₀ = (1, 1, 1).
		{"cagrad, c 1", weighting.CAGrad{C: 1}, []float64{1.2, 0.8}, []float64{2}},
		{"cagrad, rescaled", weighting.CAGrad{C: 1, Rescale: weighting.RescaleSquare}, []float64{0.6, 0.4}, []float64{1}},
		{"cagrad, rescaled linearly", weighting.CAGrad{C: 1, Rescale: weighting.RescaleLinear}, []float64{0.6, 0.4}, []float64{1}},
		{"nash", weighting.NashMTL{}, []float64{nash[0] / math.Sqrt2, nash[1] / math.Sqrt2}, []float64{0.2}},
		{"nash, not shortened", weighting.NashMTL{MaxNorm: 1e30}, nash, []float64{0.2}},
		{"fairgrad, alpha 1", weighting.FairGrad{Alpha: 1}, nash, []float64{0.2}},
		{"fairgrad", weighting.FairGrad{}, nil, []float64{math.Pow(25, -2.0/3)}},
		{"pcd", weighting.PCD{}, priority(0.02), []float64{1}},
		{"pcd, tau 0.3", weighting.PCD{Tau: 0.3}, priority(0.3), []float64{1}},
		{"krum", weighting.Krum{Selected: 2}, []float64{0.5, 0.5}, nil},
		{"random", weighting.Random{}, nil, []float64{1}},
	}
	pure := backendtest.Go(t) // weightingtest compares it with XLA
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.two != nil {
				got := step(t, session(t, pure, c.w), weigh.State{Jacobian: twoTasks, Losses: []float64{3, 5}})
				wantNear(t, "two tasks", got.Weights, c.two, 1e-8)
			}
			if c.single != nil {
				got := step(t, session(t, pure, c.w), weigh.State{Jacobian: [][]float64{{3, 4}}, Losses: []float64{2}})
				wantNear(t, "one task", got.Weights, c.single, 1e-8)
			}
		})
	}
}

// Where there is no gradient to follow, or none that suits all tasks.
func TestGramianMethodsWithoutSolution(t *testing.T) {
	opposite := [][]float64{{1, 2}, {-1, -2}}
	b := backendtest.Go(t)
	for name, w := range map[string]mtl.Weighting{
		"imtl-g": weighting.IMTLG{}, "config": weighting.ConFIG{}, "cagrad": weighting.CAGrad{C: 1},
	} {
		wantNear(t, name+" on opposite gradients", step(t, session(t, b, w), weigh.State{Jacobian: opposite}).Weights, []float64{0, 0}, 1e-12)
	}
	for name, w := range map[string]mtl.Weighting{
		"mgda": weighting.MGDA{}, "pcgrad": weighting.PCGrad{}, "nash": weighting.NashMTL{}, "fairgrad": weighting.FairGrad{}, "aligned": weighting.AlignedMTL{},
	} {
		wantNear(t, name+" on opposite gradients", step(t, session(t, b, w), weigh.State{Jacobian: opposite}).Direction, []float64{0, 0}, 1e-9)
	}
	zero := [][]float64{{0, 0}, {0, 0}}
	for name, c := range map[string]struct {
		w    mtl.Weighting
		want float64
	}{
		"imtl-g": {weighting.IMTLG{}, 0}, "config": {weighting.ConFIG{}, 0}, "aligned": {weighting.AlignedMTL{}, 0.5}, "mgda": {weighting.MGDA{}, 0.5},
		"pcgrad": {weighting.PCGrad{}, 1}, "upgrad": {weighting.UPGrad{}, 0.5}, "dualproj": {weighting.DualProj{}, 0.5}, "pcd": {weighting.PCD{}, 0},
	} {
		wantNear(t, name+" on zeros", step(t, session(t, b, c.w), weigh.State{Jacobian: zero}).Weights, []float64{c.want, c.want}, 1e-12)
	}
	// Secondary tasks of priority-constrained descent that contradict each other are given up.
	got := step(t, session(t, b, weighting.PCD{Primary: 2}), weigh.State{Jacobian: [][]float64{{1, 2}, {-1, -2}, {3, 0}}})
	wantNear(t, "pcd", got.Weights, []float64{0, 0, 1}, 1e-9)
}

func TestKrum(t *testing.T) {
	b := backendtest.Go(t)
	weights := func(k weighting.Krum, active []bool) []float64 {
		return step(t, session(t, b, k), weigh.State{Jacobian: fiveTasks, Active: active}).Weights
	}
	wantNear(t, "1 byzantine, 4 selected", weights(weighting.Krum{Byzantine: 1, Selected: 4}, nil), []float64{0.25, 0.25, 0, 0.25, 0.25}, 1e-12)
	// Distances of rows 0, 1, 4 from each other: 1, √2, 1: the second is nearest to both others.
	wantNear(t, "1 selected", weights(weighting.Krum{Byzantine: 1}, nil), []float64{0, 1, 0, 0, 0}, 1e-12)
	wantNear(t, "two active", weights(weighting.Krum{Selected: 5}, []bool{true, false, true, false, false}), []float64{0.5, 0, 0.5, 0, 0}, 1e-12)
	// The sums of the three smallest distances are 8.24, 17.01, 8.40, 10.50, 15.07, of their squares 31, 97, 29, 41, 77.
	points := weigh.State{Jacobian: [][]float64{{2, 6}, {1, 0}, {3, 6}, {0, 5}, {6, 3}}}
	wantNear(t, "distances", step(t, session(t, b, weighting.Krum{}), points).Weights, []float64{1, 0, 0, 0, 0}, 1e-12)
	wantNear(t, "squared", step(t, session(t, b, weighting.Krum{Squared: true}), points).Weights, []float64{0, 0, 1, 0, 0}, 1e-12)
}

// vaccine is weighting.GradVac by hand, on vectors, with the tasks in their order.
func vaccine(jacobian [][]float64, active []bool, targets [][]float64, beta float64) []float64 {
	inner := func(x, y []float64) (sum float64) {
		for k := range x {
			sum += x[k] * y[k]
		}
		return sum
	}
	total := make([]float64, len(jacobian[0]))
	for i := range jacobian {
		if !active[i] {
			continue
		}
		g := slices.Clone(jacobian[i])
		for j, other := range jacobian {
			if i == j || !active[j] {
				continue
			}
			norms := math.Sqrt(inner(g, g) * inner(other, other))
			cosine, target := inner(g, other)/norms, targets[i][j]
			if cosine < target {
				sine := func(c float64) float64 { return math.Sqrt(1 - c*c) }
				f := math.Sqrt(inner(g, g)) * (target*sine(cosine) - cosine*sine(target)) / (math.Sqrt(inner(other, other)) * sine(target))
				for k := range g {
					g[k] += f * other[k]
				}
			}
			targets[i][j] += beta * (cosine - target)
		}
		for k := range g {
			total[k] += g[k]
		}
	}
	return total
}

func TestGradVacRemembersCosines(t *testing.T) {
	order := [][]int{{0, 1, 2}, {0, 1, 2}, {0, 1, 2}}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		s := session(t, b, weighting.GradVac{Beta: 0.3, Order: order})
		targets := [][]float64{{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}
		for i := range 12 {
			state := weigh.State{Jacobian: make([][]float64, 3), Active: []bool{true, true, true}}
			for task := range state.Jacobian {
				for k := range 4 {
					state.Jacobian[task] = append(state.Jacobian[task], math.Sin(float64(1+i*13+task*5+k*k))+0.4)
				}
			}
			if i%3 == 2 {
				state.Active[i%2] = false
			}
			want := vaccine(state.Jacobian, state.Active, targets, 0.3)
			wantNear(t, "direction", step(t, s, state).Direction, want, 1e-9)
		}
	})
}

// With random orders, the outcome for three tasks is one of eight, and not always the same.
func TestPCGradOrders(t *testing.T) {
	jacobian := [][]float64{{1, 0, 0.5, -1}, {-0.5, 1, 0.2, 0.3}, {0.3, -1.5, 1, 0.2}}
	b := backendtest.Go(t)
	var known [][]float64
	for i := range 8 {
		order := [][]int{{1, 2}, {0, 2}, {0, 1}}
		for task := range order {
			if i>>task&1 == 1 {
				slices.Reverse(order[task])
			}
		}
		known = append(known, step(t, session(t, b, weighting.PCGrad{Order: order}), weigh.State{Jacobian: jacobian}).Weights)
	}
	// TorchJD 0.18 with the order 0, 1, 2 and with 2, 1, 0 for every task.
	wantNear(t, "in order", known[0], []float64{1.311111, 2.514493, 1.387102}, 1e-6)
	wantNear(t, "in reverse", known[7], []float64{1.248145, 2.514493, 1.411243}, 1e-6)
	s := session(t, b, weighting.PCGrad{})
	seen := map[int]bool{}
	for range 60 {
		got := step(t, s, weigh.State{Jacobian: jacobian}).Weights
		at := slices.IndexFunc(known, func(w []float64) bool {
			return math.Abs(w[0]-got[0])+math.Abs(w[1]-got[1])+math.Abs(w[2]-got[2]) < 1e-9
		})
		if at < 0 {
			t.Fatalf("the weights %v are those of no order", got)
		}
		seen[at] = true
	}
	if len(seen) < 3 { // several of the eight are equal
		t.Errorf("60 steps had the outcomes %v", seen)
	}
}

func TestRandomIsUniformOnAverage(t *testing.T) {
	s := session(t, backendtest.Go(t), weighting.Random{})
	sum := make([]float64, 3)
	for range 2000 {
		r := step(t, s, weigh.State{Jacobian: [][]float64{{1}, {2}, {3}}, Active: []bool{true, false, true}})
		for i, w := range r.Weights {
			sum[i] += w / 2000
		}
		wantNear(t, "the sum", []float64{r.Weights[0] + r.Weights[2]}, []float64{1}, 1e-9)
		wantNear(t, "heads", r.Heads, []float64{1, 0, 1}, 0)
	}
	wantNear(t, "the mean", sum, []float64{0.5, 0, 0.5}, 0.02)
}

func TestNashMTLKeepsWeights(t *testing.T) {
	orthogonal := func(a, b float64) [][]float64 { return [][]float64{{a, 0}, {0, b}} }
	s := session(t, backendtest.Go(t), weighting.NashMTL{UpdateEvery: 2, MaxNorm: 1})
	for i, c := range []struct {
		jacobian     [][]float64
		active       []bool
		heads, clips []float64
	}{
		// α_i = 1/‖g_i‖, of which the second lies still, so that the length is 1.
		{orthogonal(4, 2), []bool{true, false}, []float64{0.25, 0}, []float64{0.25, 0}},
		// Kept: 1 for the task that was never found. The length √(1.5² + 1) is brought to 1.
		{orthogonal(6, 1), nil, []float64{0.25, 1}, []float64{0.25 / math.Sqrt(3.25), 1 / math.Sqrt(3.25)}},
		{orthogonal(5, 2), nil, []float64{0.2, 0.5}, []float64{0.2 / math.Sqrt2, 0.5 / math.Sqrt2}},
		{orthogonal(1, 1), nil, []float64{0.2, 0.5}, []float64{0.2, 0.5}},
	} {
		r := step(t, s, weigh.State{Jacobian: c.jacobian, Active: c.active})
		wantNear(t, "heads", r.Heads, c.heads, 1e-9)
		wantNear(t, "weights", r.Weights, c.clips, 1e-9)
		if i == 3 {
			wantNear(t, "direction", r.Direction, []float64{0.2, 0.5}, 1e-9)
		}
	}
}

// Priority-constrained descent of two tasks over several steps, the second without a label now and then.
func TestPCDRemembersLengths(t *testing.T) {
	const tau, beta, eps = 0.3, 0.9, 1e-3
	s := session(t, backendtest.Go(t), weighting.PCD{Tau: tau, Beta: beta, Eps: eps})
	var mean, steps [2]float64
	for i := range 10 {
		x := float64(i)
		jacobian := [][]float64{{1 + math.Sin(x), 0.5}, {math.Cos(2 * x), -math.Abs(math.Sin(3*x)) * x}}
		active := []bool{true, i%4 != 1}
		a, b := jacobian[0], jacobian[1]
		square := [2]float64{a[0]*a[0] + a[1]*a[1], b[0]*b[0] + b[1]*b[1]}
		var scale [2]float64
		for task := range mean {
			if active[task] {
				steps[task]++
				mean[task] = beta*mean[task] + (1-beta)*square[task]
			}
			if steps[task] > 0 {
				scale[task] = 1 / math.Sqrt(mean[task]/(1-math.Pow(beta, steps[task]))+eps)
			}
		}
		product := a[0]*b[0] + a[1]*b[1]
		mu := 0.0
		if active[1] {
			// g̃_2·(g̃_1 + μ·g̃_2) >= τ·‖g̃_2‖²
			mu = max(0, tau-scale[0]*product/(scale[1]*square[1]))
		}
		w := []float64{scale[0], mu * scale[1]}
		length := math.Sqrt(w[0]*w[0]*square[0] + w[1]*w[1]*square[1] + 2*w[0]*w[1]*product)
		for task := range w {
			w[task] *= math.Sqrt(square[0]) / length
		}
		wantNear(t, "weights", step(t, s, weigh.State{Jacobian: jacobian, Active: active}).Weights, w, 1e-9)
	}
}

// IMTL with scales e^s: IMTL-G's weights of the scaled gradients, e^s for heads, and s in the objective.
func TestIMTLScalesLosses(t *testing.T) {
	b := backendtest.Go(t)
	s := session(t, b, weighting.IMTL{})
	state := weigh.State{Jacobian: twoTasks, Losses: []float64{3, 5}}
	step(t, s, state)
	logScale := []float64{0.7, -1.2}
	if err := s.Store.GetVariable("/mtl/imtl/log_scale").SetValue(tensors.FromValue(logScale)); err != nil {
		t.Fatal(err)
	}
	got := step(t, s, state)
	scale := []float64{math.Exp(0.7), math.Exp(-1.2)}
	var scaled [][]float64
	for task, row := range twoTasks {
		scaled = append(scaled, []float64{scale[task] * row[0], scale[task] * row[1], scale[task] * row[2]})
	}
	want := step(t, session(t, b, weighting.IMTLG{}), weigh.State{Jacobian: scaled})
	wantNear(t, "direction", got.Direction, want.Direction, 1e-9)
	wantNear(t, "weights", got.Weights, []float64{scale[0] * want.Weights[0], scale[1] * want.Weights[1]}, 1e-9)
	wantNear(t, "heads", got.Heads, scale, 1e-12)
	wantNear(t, "penalty", []float64{got.Penalty}, []float64{3*scale[0] - 0.7 + 5*scale[1] + 1.2}, 1e-9)
}

func TestBadSettingsOfGramianMethods(t *testing.T) {
	b := backendtest.Go(t)
	for _, c := range []struct {
		w     mtl.Weighting
		parts []string
	}{
		{weighting.CAGrad{C: -1}, []string{"mtl: weighting.CAGrad", "C is -1"}},
		{weighting.CAGrad{Rescale: 7}, []string{"weighting.CAGrad", "Rescale 7"}},
		{weighting.CAGrad{Preference: []float64{1, 2}}, []string{"weighting.CAGrad", "[1 2]", "a number for each"}},
		{weighting.UPGrad{Preference: []float64{1, -2, 3}}, []string{"weighting.UPGrad", "[1 -2 3]"}},
		{weighting.UPGrad{RegEps: math.NaN()}, []string{"weighting.UPGrad", "RegEps is NaN"}},
		{weighting.DualProj{NormEps: math.Inf(1)}, []string{"weighting.DualProj", "NormEps is +Inf"}},
		{weighting.AlignedMTL{Preference: []float64{0, 0, 0}}, []string{"weighting.AlignedMTL", "not all 0"}},
		{weighting.AlignedMTL{Scale: -1}, []string{"weighting.AlignedMTL", "Scale -1"}},
		{weighting.ConFIG{Preference: []float64{math.NaN(), 1, 1}}, []string{"weighting.ConFIG", "NaN"}},
		{weighting.NashMTL{UpdateEvery: -1}, []string{"weighting.NashMTL", "UpdateEvery -1"}},
		{weighting.FairGrad{Alpha: -2}, []string{"weighting.FairGrad", "Alpha is -2"}},
		{weighting.MGDA{Normalization: 9}, []string{"weighting.MGDA", "Normalization 9"}},
		{weighting.GradVac{Beta: 1.5}, []string{"weighting.GradVac", "Beta is 1.5", "up to 1"}},
		{weighting.PCGrad{Order: [][]int{{1, 2}}}, []string{"weighting.PCGrad", "1 rows"}},
		{weighting.PCGrad{Order: [][]int{{1, 1}, {0, 2}, {0, 1}}}, []string{"weighting.PCGrad", "[1 1]", `"one"`}},
		{weighting.GradVac{Order: [][]int{{1, 2}, {0, 2}, {0}}}, []string{"weighting.GradVac", "[0]", `"three"`}},
		{weighting.Krum{Byzantine: -1}, []string{"weighting.Krum", "Byzantine -1"}},
		{weighting.Krum{Selected: 4}, []string{"weighting.Krum", "Selected 4", "3 tasks"}},
		{weighting.PCD{Primary: 3}, []string{"weighting.PCD", "Primary 3"}},
		{weighting.PCD{Tau: 2}, []string{"weighting.PCD", "Tau is 2"}},
		{weighting.PCD{TaskTau: []float64{0, 1}}, []string{"weighting.PCD", "[0 1]"}},
	} {
		wantPanic(t, b, c.w, c.parts...)
	}
}
