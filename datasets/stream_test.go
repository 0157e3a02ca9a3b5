package datasets_test

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/gomtl/gomtl/datasets"
)

// The expectations come from testdata/streams.py, an independent reading of SplitMix64, PCG-DXSM and the ziggurat.
func TestStreamAgainstPython(t *testing.T) {
	var cases []struct {
		Seed, Part  string
		Index       int
		Below       []int
		Permutation []int
		Uniform     []float64
		Normal      []float64 // every 40th of 400
		Farthest    float64   // from 0 of another 1,000
	}
	file, err := os.ReadFile("testdata/streams.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 27 {
		t.Fatalf("got %d cases, want 27", len(cases))
	}
	for _, want := range cases {
		seed, err := strconv.ParseUint(want.Seed, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		part := slices.IndexFunc(datasets.Parts(), func(p datasets.Part) bool { return p.String() == want.Part })
		random := datasets.Stream(seed, datasets.Part(part), want.Index)
		var below []int
		for _, n := range []int{1797, 3, 3, 2, 10, 1_000_000_000_000} {
			below = append(below, random.IntN(n))
		}
		if !slices.Equal(below, want.Below) {
			t.Errorf("%+v: got %v", want, below)
		}
		if permutation := random.Perm(7); !slices.Equal(permutation, want.Permutation) {
			t.Errorf("%+v: got permutation %v", want, permutation)
		}
		for _, uniform := range want.Uniform {
			if got := random.Float64(); got != uniform {
				t.Errorf("%s %d: got %v, want %v", want.Part, want.Index, got, uniform)
			}
		}
		for i := range 400 {
			if got := random.NormFloat64(); i%40 == 0 && abs(got-want.Normal[i/40]) > 1e-15 {
				t.Errorf("%s %d: normal number %d is %v, want %v", want.Part, want.Index, i, got, want.Normal[i/40])
			}
		}
		farthest := 0.0
		for range 1000 {
			if got := random.NormFloat64(); abs(got) > abs(farthest) {
				farthest = got
			}
		}
		if abs(farthest-want.Farthest) > 1e-14 {
			t.Errorf("%s %d: the farthest normal number is %v, want %v", want.Part, want.Index, farthest, want.Farthest)
		}
	}
}

// Neighbouring streams are unrelated: the first numbers of 3·3·2,000 of them have the mean, variance and lag-1 correlation of
// independent uniform numbers, within 5 standard errors.
func TestStreamsAreUnrelated(t *testing.T) {
	for seed := range uint64(3) {
		for _, part := range datasets.Parts() {
			const n = 2000
			var sum, squares, lag, previous float64
			for i := range n {
				x := datasets.Stream(seed, part, i).Float64() - 0.5
				sum, squares, lag, previous = sum+x, squares+x*x, lag+x*previous, x
			}
			// standard errors: sqrt(1/12/n), sqrt(1/180/n), 1/12/sqrt(n)
			if abs(sum/n) > 5*0.00646 || abs(squares/n-1./12) > 5*0.00167 || abs(lag/n) > 5*0.00186 {
				t.Errorf("seed %d, %s: mean %g, variance %g, lag %g", seed, part, sum/n, squares/n, lag/n)
			}
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }
