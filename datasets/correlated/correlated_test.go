package correlated_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/correlated"
	"github.com/gomtl/gomtl/datasets/datasettest"
)

func Example() {
	config := correlated.Config{Seed: 1, P: 0.8}
	set, err := correlated.New(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(set)
	truth, err := config.Truth()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("the labels have correlation %.3f\n", truth.Correlation)
	// Output:
	// correlated: 10000 train, 1000 validation, 1000 test
	//   input 0  Float32 [10000 100]
	//   first    regression
	//   second   regression
	// the labels have correlation 0.581
}

func TestConformance(t *testing.T) {
	for _, config := range []correlated.Config{{}, {Seed: 3, P: -0.5, Features: 2, Scale: 2, Sines: -1, Noise: -1}, {P: 1, Sines: 2}} {
		config.Train, config.Validation, config.Test = 300, 100, 100
		build := func() (*datasets.Set, error) { return correlated.New(config) }
		datasettest.Check(t, build)
		set, err := build()
		if err != nil {
			t.Fatal(err)
		}
		datasettest.CheckDisjoint(t, set)
	}
}

// Example i does not depend on how many examples there are.
func TestPrefix(t *testing.T) {
	long, err := correlated.New(correlated.Config{Train: 300, Validation: 100, Test: 100})
	if err != nil {
		t.Fatal(err)
	}
	short, err := correlated.New(correlated.Config{Train: 7, Validation: 1, Test: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range datasets.Parts() {
		prefix, err := datasets.Take(long.Part(part), short.Part(part).Len())
		if err != nil {
			t.Fatal(err)
		}
		if !prefix.Inputs[0].Equal(short.Part(part).Inputs[0]) || !prefix.Labels["first"].Equal(short.Part(part).Labels["first"]) ||
			!prefix.Labels["second"].Equal(short.Part(part).Labels["second"]) {
			t.Errorf("%s: examples depend on how many there are", part)
		}
	}
}

// The weights have length c and the cosine p, α and β are the same whatever p, and the labels are f(w·x) and noise of standard deviation 0.1 that the two tasks do not share.
func TestLabelsFollowFromFunction(t *testing.T) {
	var alphas []float64
	for _, p := range []float64{-1, 0, 0.8, 1} {
		config := correlated.Config{Seed: 5, P: p, Scale: 0.7, Features: 20, Validation: 1, Test: 1}
		truth, err := config.Truth()
		if err != nil {
			t.Fatal(err)
		}
		w := truth.Function.Weights
		product := func(a, b []float64) (sum float64) {
			for i := range a {
				sum += a[i] * b[i]
			}
			return sum
		}
		for i, want := range []float64{0.49, 0.49, 0.49 * p} {
			if got := product(w[i%2], w[(i+1)/2]); math.Abs(got-want) > 1e-12 {
				t.Errorf("p %v: product %d of the weights is %v; wanted %v", p, i, got, want)
			}
		}
		if alphas == nil {
			alphas = truth.Function.Alpha
		}
		if len(alphas) != 5 || !slices.Equal(alphas, truth.Function.Alpha) {
			t.Errorf("α is %v for p %v and %v for -1", truth.Function.Alpha, p, alphas)
		}
		set, err := correlated.New(config)
		if err != nil {
			t.Fatal(err)
		}
		x := tensors.MustCopyFlatData[float32](set.Train.Inputs[0])
		y := [2][]float32{tensors.MustCopyFlatData[float32](set.Train.Labels["first"]), tensors.MustCopyFlatData[float32](set.Train.Labels["second"])}
		n := float64(len(y[0]))
		var mean, square [2]float64
		both := 0.0
		for i := range y[0] {
			var e [2]float64
			for task := range e {
				z := 0.0
				for j, weight := range w[task] {
					z += weight * float64(x[20*i+j])
				}
				e[task] = float64(y[task][i]) - z
				for j, a := range truth.Function.Alpha {
					e[task] -= math.Sin(a*z + truth.Function.Beta[j])
				}
				mean[task] += e[task] / n
				square[task] += e[task] * e[task] / n
			}
			both += e[0] * e[1] / n
		}
		// Five standard errors of 10,000 normal numbers: sd/√n of the mean, √2·sd²/√n of the square, sd²/√n of the product.
		for task := range mean {
			if math.Abs(mean[task]) > 5*0.1/100 || math.Abs(square[task]-0.01) > 5*math.Sqrt2*0.01/100 {
				t.Errorf("p %v: the noise of task %d has mean %v and mean square %v; wanted 0 and 0.01", p, task, mean[task], square[task])
			}
		}
		if math.Abs(both) > 5*0.01/100 {
			t.Errorf("p %v: the product of the noises has mean %v; wanted 0", p, both)
		}
	}
}

// The closed form agrees with the integral over both projections, by the trapezoidal rule.
func TestTruthAgainstIntegral(t *testing.T) {
	for _, config := range []correlated.Config{{}, {P: 0.5, Seed: 1}, {P: 0.9, Scale: 1, Seed: 2}, {P: -0.7, Scale: 2, Seed: 3, Sines: 3, Noise: -1}, {P: 0.4, Sines: -1}} {
		truth, err := config.Truth()
		if err != nil {
			t.Fatal(err)
		}
		c, variance := config.Scale, 0.01
		if c == 0 {
			c = 0.3
		}
		if config.Noise < 0 {
			variance = 0
		}
		f := func(z float64) float64 {
			y := z
			for i, a := range truth.Function.Alpha {
				y += math.Sin(a*z + truth.Function.Beta[i])
			}
			return y
		}
		const step, limit = 0.05, 9.0
		mean, square, product := 0.0, 0.0, 0.0
		for a := -limit; a <= limit; a += step {
			wa := step * math.Exp(-a*a/2) / math.Sqrt(2*math.Pi)
			y := f(c * a)
			mean += wa * y
			square += wa * y * y
			for b := -limit; b <= limit; b += step {
				wb := step * math.Exp(-b*b/2) / math.Sqrt(2*math.Pi)
				product += wa * wb * y * f(c*(config.P*a+math.Sqrt(1-config.P*config.P)*b))
			}
		}
		variance += square - mean*mean
		covariance := product - mean*mean
		for i, pair := range [][2]float64{{truth.Mean, mean}, {truth.Variance, variance}, {truth.Covariance, covariance}, {truth.Correlation, covariance / variance}} {
			if math.Abs(pair[0]-pair[1]) > 1e-9*(1+math.Abs(pair[1])) {
				t.Errorf("%+v: number %d is %v; the integral gives %v", config, i, pair[0], pair[1])
			}
		}
	}
}

// The labels of a large set have the moments of the closed form.
func TestTruthAgainstLabels(t *testing.T) {
	for _, p := range []float64{0, 0.5, 0.9, 1} {
		config := correlated.Config{Seed: 7, P: p, Features: 4, Train: 40_000, Validation: 1, Test: 1}
		truth, err := config.Truth()
		if err != nil {
			t.Fatal(err)
		}
		set, err := correlated.New(config)
		if err != nil {
			t.Fatal(err)
		}
		y := [2][]float32{tensors.MustCopyFlatData[float32](set.Train.Labels["first"]), tensors.MustCopyFlatData[float32](set.Train.Labels["second"])}
		n := float64(len(y[0]))
		var mean, square [2]float64
		product := 0.0
		for i := range y[0] {
			a, b := float64(y[0][i])-truth.Mean, float64(y[1][i])-truth.Mean
			mean[0], mean[1] = mean[0]+a/n, mean[1]+b/n
			square[0], square[1] = square[0]+a*a/n, square[1]+b*b/n
			product += a * b / n
		}
		deviation := math.Sqrt(truth.Variance)
		// The standard error of the mean is sd/√n; those of squares and products are below 3·sd²/√n for labels of a kurtosis below 10.
		for task := range mean {
			if math.Abs(mean[task]) > 5*deviation/200 || math.Abs(square[task]-truth.Variance) > 5*3*truth.Variance/200 {
				t.Errorf("p %v: task %d has mean %v off and variance %v; wanted 0 and %v", p, task, mean[task], square[task], truth.Variance)
			}
		}
		if math.Abs(product-truth.Covariance) > 5*3*truth.Variance/200 {
			t.Errorf("p %v: covariance %v; wanted %v", p, product, truth.Covariance)
		}
	}
}

func TestDescribe(t *testing.T) {
	for config, parts := range map[correlated.Config][]string{
		{P: 0.9}: {"100 normal features", "cosine between the tasks is 0.9", "over 5 pairs", "N(0, 0.1²)", "correlation 0."},
		// Linear tasks without noise have the variance c² and the correlation p.
		{P: 0.25, Scale: 2, Sines: -1, Noise: -1}: {"over 0 pairs", "N(0, 0²)", "mean 0 and variance 4, correlation 0.25", "below 0, 0 of"},
	} {
		set, err := correlated.New(config)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			if !strings.Contains(set.Description, part) {
				t.Errorf("%+v: the description lacks %q: %s", config, part, set.Description)
			}
		}
	}
}

func TestConfigErrors(t *testing.T) {
	nan := math.NaN()
	for _, config := range []correlated.Config{{Train: -1}, {Test: -5}, {Features: 1}, {P: 1.1}, {P: nan}, {Scale: -1}, {Scale: nan}, {Noise: nan}, {Noise: math.Inf(1)}} {
		if _, err := correlated.New(config); err == nil {
			t.Errorf("%+v: no error", config)
		}
		if _, err := config.Truth(); err == nil {
			t.Errorf("%+v: no error from Truth", config)
		}
	}
}
