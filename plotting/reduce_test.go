package plotting

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
)

// TestReduce checks, for curves of many lengths, what a reader of a reduced curve relies on.
func TestReduce(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for _, n := range []int{0, 1, 2, 3, maxBuckets - 1, maxBuckets, maxBuckets + 1, 5000, 123_457} {
		var r reduction
		low, high, finite, sum := math.Inf(1), math.Inf(-1), 0, 0.0
		for i := range n {
			y := rng.NormFloat64() * math.Exp(3*rng.NormFloat64())
			if rng.IntN(50) == 0 {
				y = []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[rng.IntN(3)]
			}
			if isFinite(y) {
				low, high, finite, sum = math.Min(low, y), math.Max(high, y), finite+1, sum+y
			}
			r.add(float64(i), y)
		}
		gotLow, gotHigh, points, x := math.Inf(1), math.Inf(-1), 0, -1.0
		for _, p := range r.points() {
			if p.isGap() {
				continue
			}
			points++
			gotLow, gotHigh = math.Min(gotLow, p.y), math.Max(gotHigh, p.y)
			if p.x <= x {
				t.Fatalf("%d points: x goes from %g to %g", n, x, p.x)
			}
			x = p.x
		}
		if gotLow != low || gotHigh != high {
			t.Errorf("%d points: extremes %g and %g, want %g and %g", n, gotLow, gotHigh, low, high)
		}
		if points > 1000 {
			t.Errorf("%d points: %d are drawn, want at most 1,000", n, points)
		}
		if n <= maxBuckets && points != finite {
			t.Errorf("%d points: %d are drawn, want all %d finite ones", n, points, finite)
		}
		kept := 0.0
		for _, b := range r.buckets {
			kept += b.mean.y * float64(b.finite)
		}
		if math.Abs(kept-sum) > 1e-9*(1+math.Abs(sum))*float64(n+1) {
			t.Errorf("%d points: the means stand for a sum of %g, want %g", n, kept, sum)
		}
	}
}

func TestReduceGaps(t *testing.T) {
	r := reduce([]float64{1, 2, 3}, []float64{1, math.NaN(), 2})
	ps := r.points()
	if len(ps) != 3 || ps[0].y != 1 || !ps[1].isGap() || ps[2].y != 2 {
		t.Errorf("got %v, want 1, a gap, 2", ps)
	}
}

// TestSmooth checks the closed form of local linear regression: a straight line comes out unchanged, ends included.
func TestSmooth(t *testing.T) {
	var ps []xy
	for i := range 200 {
		x := float64(i*i) / 50 // unevenly spaced
		ps = append(ps, xy{x, 3 - 0.25*x})
	}
	for _, sigma := range []float64{0, 0.1, 5, 1000} {
		for i, p := range smooth(ps, sigma) {
			if math.Abs(p.y-ps[i].y) > 1e-6 {
				t.Errorf("sigma %g, x %g: got %g, want %g", sigma, p.x, p.y, ps[i].y)
			}
		}
	}
	// Nothing crosses a gap: two levels stay what they are.
	out := smooth([]xy{{0, 1}, {1, 1}, {2, 1}, gap, {3, 9}, {4, 9}, {5, 9}}, 2)
	for i, want := range []float64{1, 1, 1, math.NaN(), 9, 9, 9} {
		if got := out[i].y; math.Abs(got-want) > 1e-9 || out[i].isGap() != math.IsNaN(want) {
			t.Errorf("point %d: got %g, want %g", i, got, want)
		}
	}
}

func TestSmoothReducesNoise(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var ps []xy
	for i := range 1000 {
		ps = append(ps, xy{float64(i), rng.NormFloat64()})
	}
	// The standard deviation of a Gaussian kernel estimate of independent noise is (2σ√π)^(−1/2) inside the range.
	sigma, sum := 10.0, 0.0
	inside := smooth(ps, sigma)[100:900]
	for _, p := range inside {
		sum += p.y * p.y
	}
	got, want := math.Sqrt(sum/float64(len(inside))), 1/math.Sqrt(2*sigma*math.Sqrt(math.Pi))
	if math.Abs(got-want) > 0.25*want {
		t.Errorf("noise is reduced to %g, want about %g", got, want)
	}
}

func TestTicks(t *testing.T) {
	labels := func(ticks []tick) (out []string) {
		for _, tick := range ticks {
			if tick.label != "" {
				out = append(out, tick.label)
			}
		}
		return out
	}
	for _, c := range []struct {
		got  []tick
		want string
	}{
		{linearTicks(0, 1, 5, 0), "0 0.2 0.4 0.6 0.8 1.0"},
		{linearTicks(-0.03, 0.04, 4, 0), "−0.02 0 0.02 0.04"},
		{linearTicks(0, 200_000, 4, 1), "0 50k 100k 150k 200k"},
		{linearTicks(0, 2_500_000, 3, 1), "0 1M 2M"},
		{linearTicks(1, 3, 8, 1), "1 2 3"},
		{linearTicks(0, 3e-5, 3, 0), "0 1e−5 2e−5 3e−5"},
		{logTicks(0.04, 3, 5), "0.05 0.1 0.2 0.5 1 2"},
		{logTicks(1e-6, 1, 4), "1e−6 1e−4 0.01 1"},
		{logTicks(1.2, 1.9, 4), "1.2 1.4 1.6 1.8"},
	} {
		got := ""
		for i, label := range labels(c.got) {
			if i > 0 {
				got += " "
			}
			got += label
		}
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestLooks: no two of the first 49 tasks look alike.
func TestLooks(t *testing.T) {
	type key struct {
		color  any
		dashes string
		marker any
	}
	seen := map[key]int{}
	for i := range 49 {
		l := taskLook(i)
		dashes := ""
		for _, d := range l.dashes {
			dashes += fmt.Sprint(d, " ")
		}
		k := key{l.color, dashes, l.marker}
		if j, dup := seen[k]; dup {
			t.Errorf("tasks %d and %d look alike", j, i)
		}
		seen[k] = i
	}
}

// BenchmarkLiveFrame draws 100,000 records a task, as the live display does twice a second.
func BenchmarkLiveFrame(b *testing.B) {
	for _, tasks := range []int{1, 4, 12} {
		b.Run(fmt.Sprint(tasks, " tasks"), func(b *testing.B) {
			var run history.Run
			for i := range tasks {
				run.Tasks = append(run.Tasks, history.Task{Name: fmt.Sprint("task ", i)})
			}
			curves := Losses{}.Start(run)
			rng := rand.New(rand.NewPCG(1, 1))
			for step := range 100_000 {
				r := history.Record{Step: step, Split: history.Train, Loss: map[string]float64{}}
				for _, task := range run.Tasks {
					r.Loss[task.Name] = rng.Float64()
				}
				curves.Add(r)
			}
			for b.Loop() {
				if err := curves.Figure().WriteHTML(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
