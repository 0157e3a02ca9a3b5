package sweep_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/sweep"
	"github.com/gomtl/gomtl/mtl/weighting"
)

func TestProduct(t *testing.T) {
	settings := sweep.Product(
		sweep.Methods(weighting.Fixed{"a": 2}, weighting.CAGrad{C: 0.4}, weighting.Smoothed{Method: weighting.MGDA{}}),
		sweep.Values("learning_rate", 1e-3, 1e-2), sweep.Seeds(1, 2),
	)
	if len(settings) != 12 {
		t.Fatalf("%d settings; wanted 3·2·2", len(settings))
	}
	for i, want := range map[int]string{
		0: "a=2,learning_rate=0.001,seed=1", 1: "a=2,learning_rate=0.001,seed=2", 2: "a=2,learning_rate=0.01,seed=1",
		4: "CAGrad{C:0.4},learning_rate=0.001,seed=1", 11: "Smoothed{Method:MGDA},learning_rate=0.01,seed=2",
	} {
		if got := settings[i].Key() + fmt.Sprintf(",seed=%d", settings[i].Seed); got != want {
			t.Errorf("setting %d is %s; wanted %s", i, got, want)
		}
		if fixed := i < 4; (settings[i].Weighting == nil) != fixed {
			t.Errorf("setting %d has the method %v", i, settings[i].Weighting)
		}
	}
	if later := sweep.Product(sweep.Values("a", 1), sweep.Values("a", 2)); len(later) != 1 || later[0].Values["a"][0] != 2 {
		t.Errorf("the later list does not count: %+v", later)
	}
	if len(sweep.Product(sweep.Seeds(1, 2), nil)) != 0 {
		t.Error("nothing combined with something is something")
	}
}

func TestWeights(t *testing.T) {
	for i, s := range sweep.LogRatio("seg", 1, 1024, 6) {
		if want := math.Pow(4, float64(i)); s.Weights["seg"] != want || len(s.Weights) != 1 {
			t.Errorf("weight %d is %v; wanted %v", i, s.Weights, want)
		}
	}
	if one := sweep.LogRatio("seg", 3, 9, 1); len(one) != 1 || one[0].Weights["seg"] != 3 {
		t.Errorf("one weight: %v", one)
	}
	for _, c := range []struct{ tasks, divisions, count int }{{3, 5, 6}, {2, 4, 3}, {4, 8, 35}, {3, 3, 1}, {3, 2, 0}, {1, 4, 1}, {0, 3, 0}} {
		names := []string{"a", "b", "c", "d"}[:c.tasks]
		settings := sweep.SimplexGrid(names, c.divisions)
		if len(settings) != c.count {
			t.Errorf("%d tasks in %d parts: %d settings; wanted (divisions-1 choose tasks-1) = %d", c.tasks, c.divisions, len(settings), c.count)
		}
		for _, s := range settings {
			sum := 0.0
			for _, name := range names {
				if sum += s.Weights[name]; s.Weights[name] <= 0 {
					t.Errorf("%v has a weight that is not above 0", s.Weights)
				}
			}
			if math.Abs(sum-float64(c.tasks)) > 1e-4 {
				t.Errorf("%v sums to %v; wanted the number of tasks", s.Weights, sum)
			}
		}
	}
	// The symmetric Dirichlet distribution's components have mean 1/T and variance (T-1)/(T²(Tα+1)).
	const n, alpha = 20_000, 0.5
	mean, square := 0.0, 0.0
	draws := sweep.Dirichlet([]string{"a", "b", "c"}, alpha, n, 7)
	for _, s := range draws {
		w := s.Weights["b"] / 3
		mean, square = mean+w/n, square+w*w/n
	}
	if variance := square - mean*mean; math.Abs(mean-1./3) > 0.01 || math.Abs(variance-2./(9*(3*alpha+1))) > 0.003 {
		t.Errorf("mean %v, variance %v", mean, variance)
	}
	if again := sweep.Dirichlet([]string{"a", "b", "c"}, alpha, 1, 7); again[0].Key() != draws[0].Key() {
		t.Error("the same seed draws something else")
	}
}

// Points are SciPy's, without its first, the corner of zeros: benchmarks/oracles/sweep.
func TestSobol(t *testing.T) {
	data, err := os.ReadFile("../pareto/testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var known struct {
		Sobol [][]float64 `json:"sobol"`
		Later [][]float64 `json:"sobol_from_1000"`
	}
	if err := json.Unmarshal(data, &known); err != nil {
		t.Fatal(err)
	}
	ranges := make([]sweep.Range, len(known.Sobol[0]))
	for d := range ranges {
		ranges[d] = sweep.Range{Path: fmt.Sprint(d), To: 1}
	}
	got := sweep.Sobol(1003, ranges...)
	compare := func(i int, want []float64) {
		for d, w := range want {
			if v := got[i-1].Values[fmt.Sprint(d)][0]; math.Abs(v-w) > 1e-5 { // values have 6 digits
				t.Errorf("point %d, dimension %d: %v; wanted %v", i, d, v, w)
			}
		}
	}
	for i, want := range known.Sobol[1:] {
		compare(i+1, want)
	}
	for i, want := range known.Later {
		compare(1000+i, want)
	}
}

func TestTakesWeights(t *testing.T) {
	for _, c := range []struct {
		method mtl.Weighting
		want   bool
	}{{weighting.Fixed{}, true}, {weighting.UPGrad{}, true}, {weighting.STCH{}, true}, {weighting.Uncertainty{}, false}, {weighting.RLW{}, false}} {
		if got := sweep.TakesWeights(c.method); got != c.want {
			t.Errorf("%T: %v", c.method, got)
		}
	}
}

func TestRanges(t *testing.T) {
	rate := sweep.Range{Path: "learning_rate", From: 1e-4, To: 1e-2, Log: true}
	dropout := sweep.Range{Path: "shared/dropout", From: 0, To: 0.5}
	grid := sweep.Grid(3, rate, dropout)
	if len(grid) != 9 {
		t.Fatalf("%d settings in a grid of 3 by 3", len(grid))
	}
	for i, want := range []string{
		"learning_rate=0.0001,shared.dropout=0", "learning_rate=0.0001,shared.dropout=0.25", "learning_rate=0.0001,shared.dropout=0.5", "learning_rate=0.001,shared.dropout=0",
	} {
		if got := grid[i].Key(); got != want {
			t.Errorf("setting %d is %s; wanted %s", i, got, want)
		}
	}
	below := 0
	random := sweep.Random(4000, 1, rate, dropout)
	for _, s := range random {
		r, d := s.Values["learning_rate"][0], s.Values["shared/dropout"][0]
		if r < 1e-4 || r > 1e-2 || d < 0 || d > 0.5 {
			t.Errorf("%v is out of range", s.Values)
		}
		if r < 1e-3 {
			below++
		}
	}
	if below < 1850 || below > 2150 { // half, by the logarithm; 5 standard deviations
		t.Errorf("%d of 4000 learning rates are in the lower decade", below)
	}
	if len(sweep.Random(-1, 1, rate)) != 0 || len(sweep.Sobol(-1, rate)) != 0 || len(sweep.Grid(-1, rate)) != 0 {
		t.Error("a negative number of settings is some")
	}
}
