package affinity_test

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/affinity"
)

func Example() {
	m := affinity.New("gain", false, "depth", "normals", "segmentation", "edges")
	m.Values = [][]float64{
		{0, 0.08, 0.02, -0.01},
		{0.05, 0, -0.02, 0.03},
		{0.01, 0.01, 0, -0.05},
		{0.01, 0.06, -0.03, 0},
	}
	fmt.Println(m.From("normals"))
	groups, err := affinity.Search{Budget: 2}.Find(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(groups)
	// Output:
	// [depth edges segmentation]
	// depth + normals + edges | (depth) + segmentation; predicted gain 0.13, cost 2
}

func random(n int, seed uint64) *affinity.Matrix {
	r := rand.New(rand.NewPCG(seed, 1))
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("t%d", i))
	}
	m := affinity.New("random", false, names...)
	for i := range n {
		for j := range n {
			m.Values[i][j] = r.NormFloat64()
		}
	}
	return m
}

// bruteForce tries every collection of groups, by the definition.
func bruteForce(m *affinity.Matrix, budget float64, cost func(int) float64, alone float64, disjoint bool) float64 {
	n := len(m.Tasks)
	gain := func(t int, g uint) float64 {
		sum, count := 0.0, 0.0
		for i := range n {
			if i != t && g>>i&1 == 1 {
				sum, count = sum+m.Values[i][t], count+1
			}
		}
		if count == 0 {
			return alone
		}
		return sum / count
	}
	best := math.Inf(-1)
	var walk func(from uint, left float64, chosen []uint)
	walk = func(from uint, left float64, chosen []uint) {
		total := 0.0
		for t := range n {
			most, times := math.Inf(-1), 0
			for _, g := range chosen {
				if g>>t&1 == 1 {
					most = max(most, gain(t, g))
					times++
				}
			}
			if total += most; disjoint && times > 1 {
				total = math.Inf(-1)
			}
		}
		best = max(best, total)
		for g := from; g < 1<<n; g++ {
			if c := cost(bits.OnesCount(g)); c <= left+1e-9 {
				walk(g+1, left-c, append(slices.Clone(chosen), g))
			}
		}
	}
	walk(1, budget, nil)
	return best
}

func TestSearchAgainstBruteForce(t *testing.T) {
	one := func(int) float64 { return 1 }
	bySize := func(n int) float64 { return 0.6 + 0.2*float64(n) }
	for n := 1; n <= 5; n++ {
		for seed := range uint64(4) {
			for _, c := range []struct {
				s    affinity.Search
				cost func(int) float64
			}{
				{affinity.Search{Budget: 1}, one},
				{affinity.Search{Budget: 2, Alone: -0.3}, one},
				{affinity.Search{Budget: 3}, one},
				{affinity.Search{Budget: 3, Disjoint: true}, one},
				{affinity.Search{Budget: 2.5, Cost: bySize, Alone: 0.1}, bySize},
				{affinity.Search{Budget: 3.4, Cost: bySize}, bySize},
			} {
				m := random(n, seed)
				found, err := c.s.Find(m)
				want := bruteForce(m, c.s.Budget, c.cost, c.s.Alone, c.s.Disjoint)
				if err != nil {
					t.Fatal(n, seed, c.s.Budget, err)
				}
				if math.Abs(found.Predicted-want) > 1e-9 || !found.Exact || found.Cost > c.s.Budget+1e-9 {
					t.Errorf("%d tasks, %+v: found %v; the best is %v", n, c.s, found, want)
				}
				check(t, m, found, c.s.Alone)
				climbing := c.s
				climbing.Exhaustive = -1
				climbed, err := climbing.Find(m)
				if err != nil || climbed.Exact || climbed.Predicted > want+1e-9 || climbed.Predicted < want-1e-9 {
					t.Errorf("%d tasks, %+v: climbing found %v, %v; the best is %v", n, c.s, climbed, err, want)
				}
			}
		}
	}
}

// check holds a grouping against its own definition.
func check(t *testing.T, m *affinity.Matrix, found *affinity.Grouping, alone float64) {
	t.Helper()
	sum := 0.0
	for _, name := range m.Tasks {
		at := found.Group(name)
		if at < 0 || !slices.Contains(found.Groups[at].Tasks, name) {
			t.Errorf("%q is served by group %d of %v", name, at, found)
			return
		}
		mean, count := 0.0, 0.0
		for _, other := range found.Groups[at].Tasks {
			if other != name {
				mean, count = mean+m.Of(other, name), count+1
			}
		}
		if count > 0 {
			sum += mean / count
		} else {
			sum += alone
		}
	}
	if math.Abs(sum-found.Predicted) > 1e-9 {
		t.Errorf("%v predicts %v in all; wanted %v", found, found.Predicted, sum)
	}
}

// With more tasks than an exact search takes, climbing comes close to it.
func TestClimbing(t *testing.T) {
	for seed := range uint64(3) {
		m := random(10, seed)
		exact, err := affinity.Search{Budget: 3}.Find(m)
		if err != nil {
			t.Fatal(err)
		}
		climbed, err := affinity.Search{Budget: 3, Exhaustive: 5}.Find(m)
		if err != nil {
			t.Fatal(err)
		}
		if climbed.Predicted > exact.Predicted+1e-9 || climbed.Predicted < 0.95*exact.Predicted {
			t.Errorf("seed %d: climbing predicts %v, the best is %v", seed, climbed.Predicted, exact.Predicted)
		}
		check(t, m, climbed, 0)
	}
}

func TestSearchThatCannotBe(t *testing.T) {
	m := random(4, 1)
	broken := random(2, 1)
	broken.Values[0][1] = math.NaN()
	for want, try := range map[string]func() error{
		"does not serve 4 tasks": func() error { _, err := affinity.Search{Budget: 0.5}.Find(m); return err },
		"does not serve":         func() error { _, err := affinity.Search{Exhaustive: 2}.Find(m); return err },
		"finite values":          func() error { _, err := affinity.Search{Budget: 1}.Find(broken); return err },
		"not fall with its size": func() error {
			_, err := affinity.Search{Budget: 1, Cost: func(n int) float64 { return 5 - float64(n) }}.Find(m)
			return err
		},
		"the budget NaN":      func() error { _, err := affinity.Search{Budget: math.NaN()}.Find(m); return err },
		"the gain NaN":        func() error { _, err := affinity.Search{Budget: 1, Alone: math.NaN()}.Find(m); return err },
		"a row for each task": func() error { _, err := affinity.Search{Budget: 1}.Find(&affinity.Matrix{}); return err },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; wanted one with %q", err, want)
		}
	}
}

func TestClusters(t *testing.T) {
	m := affinity.New("similarity", true, "a", "b", "c", "d", "e")
	near := func(i, j int, v float64) { m.Values[i][j], m.Values[j][i] = v, v }
	near(0, 2, 0.9)
	near(2, 4, 0.8)
	near(0, 4, 0.5)
	near(1, 3, 0.7)
	if got := fmt.Sprint(m.Clusters(2)); got != "[[0 2 4] [3 1]]" && got != "[[0 2 4] [1 3]]" {
		t.Errorf("clusters %s", got)
	}
	if order := m.Order(); len(order) != 5 || slices.Index(order, 2)-slices.Index(order, 0) != 1 && slices.Index(order, 0)-slices.Index(order, 2) != 1 {
		t.Errorf("order %v", order)
	}
}

// The expectations are those of scipy.stats.spearmanr.
func TestSpearman(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3, 4}, []float64{10, 20, 40, 30}, 0.8},
		{[]float64{1, 2, 2, 3, 5}, []float64{2, 1, 4, 4, 7}, 0.7631578947368421},
		{[]float64{3, 1, 2}, []float64{1, 3, 2}, -1},
		{[]float64{1, math.Inf(1), 2}, []float64{math.Inf(-1), 3, 2}, 1},
		{[]float64{1, math.NaN(), 2}, []float64{1, 3, 2}, math.NaN()}, // nan_policy="propagate"
		{[]float64{1, 3, 2}, []float64{1, 3, math.NaN()}, math.NaN()},
	} {
		got, err := affinity.Spearman(c.a, c.b)
		if err != nil || !(math.Abs(got-c.want) <= 1e-12 || math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v and %v: %v, %v; wanted %v", c.a, c.b, got, err, c.want)
		}
	}
	if _, err := affinity.Spearman([]float64{1}, []float64{1}); err == nil {
		t.Error("no error for lists of one value")
	}
}

func TestMatrix(t *testing.T) {
	m := random(3, 1)
	mean, err := affinity.Mean(m, m)
	if err != nil || math.Abs(mean.Of("t0", "t2")-m.Of("t0", "t2")) > 1e-12 || len(m.Pairs()) != 6 {
		t.Errorf("mean %v, %v, pairs %v", mean, err, m.Pairs())
	}
	if !math.IsNaN(m.Of("t0", "nobody")) {
		t.Error("a task that there is not has a value")
	}
	m.Symmetric = true
	if err := m.Check(); err == nil || len(m.Pairs()) != 3 {
		t.Errorf("error %v, pairs %v", err, m.Pairs())
	}
	m = affinity.New("cosines", true, "a", "b")
	for _, c := range []struct {
		there, back float64
		right       bool
	}{
		{math.Inf(1), math.Inf(1), true}, {math.Inf(1), 3, false}, {math.Inf(1), math.Inf(-1), false}, {math.NaN(), math.NaN(), true},
		{math.NaN(), 3, true}, {1e308, -1e308, false}, {0, 0, true}, {0, 1e-300, false},
	} {
		m.Values[0][1], m.Values[1][0] = c.there, c.back
		if err := m.Check(); (err == nil) != c.right {
			t.Errorf("a symmetric matrix with %v and %v: %v", c.there, c.back, err)
		}
	}
	if _, err := affinity.Mean(random(3, 1), random(4, 1)); err == nil {
		t.Error("no error for a mean over different tasks")
	}
}

func BenchmarkExact15(b *testing.B) {
	m := random(15, 1)
	for b.Loop() {
		if _, err := (affinity.Search{Budget: 4}).Find(m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExact15BySize(b *testing.B) {
	m := random(15, 1)
	for b.Loop() {
		if _, err := (affinity.Search{Budget: 4, Cost: func(n int) float64 { return 0.5 + 0.1*float64(n) }}).Find(m); err != nil {
			b.Fatal(err)
		}
	}
}
