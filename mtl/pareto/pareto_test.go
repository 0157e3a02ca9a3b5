package pareto_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/pareto"
	"pgregory.net/rapid"
)

// reference is what moocore says: benchmarks/oracles/sweep.
type reference struct {
	Cases []struct {
		Name        string      `json:"name"`
		Reference   []float64   `json:"reference"`
		Points      [][]float64 `json:"points"`
		Front       []int       `json:"front"`
		Hypervolume float64     `json:"hypervolume"`
	} `json:"cases"`
}

func TestAgainstMoocore(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var known reference
	if err := json.Unmarshal(data, &known); err != nil {
		t.Fatal(err)
	}
	if len(known.Cases) < 12 {
		t.Fatalf("%d cases; wanted at least 12", len(known.Cases))
	}
	for _, c := range known.Cases {
		if got := pareto.Front(c.Points); !slices.Equal(got, c.Front) {
			t.Errorf("%s: front %v; wanted %v", c.Name, got, c.Front)
		}
		if got, err := pareto.Hypervolume(c.Points, c.Reference); err != nil || math.Abs(got-c.Hypervolume) > 1e-12*max(1, c.Hypervolume) {
			t.Errorf("%s: hypervolume %v, %v; wanted %v", c.Name, got, err, c.Hypervolume)
		}
	}
}

// pointSets draws a few points with whole coordinates, so that there are ties and repetitions.
func pointSets(objectives int) *rapid.Generator[[][]float64] {
	value := rapid.Map(rapid.IntRange(0, 8), func(v int) float64 { return float64(v) })
	return rapid.SliceOfN(rapid.SliceOfN(value, objectives, objectives), 0, 9)
}

// A point of rank r > 0 is dominated by one of rank r-1 and by none of its own rank or later.
func TestRanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := pointSets(rapid.IntRange(1, 4).Draw(t, "objectives")).Draw(t, "points")
		ranks := pareto.Ranks(points)
		for i, p := range points {
			above := ranks[i] == 0
			for j, q := range points {
				if !pareto.Dominates(q, p) {
					continue
				}
				above = above || ranks[j] == ranks[i]-1
				if ranks[j] >= ranks[i] {
					t.Fatalf("%v of rank %d dominates %v of rank %d", q, ranks[j], p, ranks[i])
				}
			}
			if !above {
				t.Fatalf("no point of the rank before dominates %v of rank %d", p, ranks[i])
			}
		}
	})
}

// The gaps of a front of two objectives are those between neighbours along it, the longest first.
func TestGapsAreBetweenNeighbours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := pointSets(2).Draw(t, "points")
		gaps := pareto.Gaps(points)
		var front [][]float64
		for _, i := range pareto.Front(points) {
			if !slices.ContainsFunc(front, func(p []float64) bool { return slices.Equal(p, points[i]) }) {
				front = append(front, points[i])
			}
		}
		slices.SortFunc(front, slices.Compare)
		if len(gaps) != max(0, len(front)-1) {
			t.Fatalf("%d gaps between %d points", len(gaps), len(front))
		}
		for k, gap := range gaps {
			a, b := points[gap.A], points[gap.B]
			i := slices.IndexFunc(front, func(p []float64) bool { return slices.Equal(p, a) })
			j := slices.IndexFunc(front, func(p []float64) bool { return slices.Equal(p, b) })
			if i-j != 1 && j-i != 1 {
				t.Fatalf("%v and %v are no neighbours", a, b)
			}
			width, height := front[len(front)-1][0]-front[0][0], front[0][1]-front[len(front)-1][1]
			want := math.Hypot((a[0]-b[0])/width, (a[1]-b[1])/height)
			if math.Abs(gap.Length-want) > 1e-12 || k > 0 && gap.Length > gaps[k-1].Length {
				t.Fatalf("gap %d has length %v; wanted %v, none longer than the one before", k, gap.Length, want)
			}
		}
	})
}

func TestKnee(t *testing.T) {
	for _, c := range []struct {
		points [][]float64
		want   int
	}{
		{nil, -1},
		{[][]float64{{math.NaN(), 1}}, -1},
		{[][]float64{{3, 4}}, 0},
		{[][]float64{{0, 100}, {0.1, 20}, {0.5, 10}, {1, 0}}, 1}, // (0.1, 0.2) lies furthest below the line from (0, 1) to (1, 0)
		{[][]float64{{0, 1}, {0.4, 0.4}, {1, 0}, {0.3, 0.9}}, 1}, // the last one is dominated
		{[][]float64{{0, 0, 1}, {0, 1, 0}, {1, 0, 0}, {0.2, 0.2, 0.2}}, 3},
	} {
		if got := pareto.Knee(c.points); got != c.want {
			t.Errorf("the knee of %v is point %d; wanted %d", c.points, got, c.want)
		}
	}
}

// Points that are not finite, put anywhere among others, change nothing of what is said about those.
func TestNotFinite(t *testing.T) {
	bad := rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)})
	rapid.Check(t, func(t *rapid.T) {
		objectives := rapid.IntRange(1, 4).Draw(t, "objectives")
		good := pointSets(objectives).Draw(t, "points")
		var all [][]float64
		var places []int // of the finite points among all
		for _, p := range good {
			for range rapid.IntRange(0, 2).Draw(t, "before") {
				worse := slices.Clone(p)
				worse[rapid.IntRange(0, objectives-1).Draw(t, "objective")] = bad.Draw(t, "value")
				all = append(all, worse)
			}
			places, all = append(places, len(all)), append(all, p)
		}
		placed := func(of []int) (in []int) {
			for _, i := range of {
				in = append(in, places[i])
			}
			return in
		}
		if got, want := pareto.Front(all), placed(pareto.Front(good)); !slices.Equal(got, want) {
			t.Fatalf("the front of %v is %v; wanted %v", all, got, want)
		}
		knee := pareto.Knee(good)
		if knee >= 0 {
			knee = places[knee]
		}
		if got := pareto.Knee(all); got != knee {
			t.Fatalf("the knee of %v is %d; wanted %d", all, got, knee)
		}
		ranks, scaled := pareto.Ranks(all), pareto.Normalized(all)
		for i, p := range pareto.Normalized(good) {
			if !slices.Equal(scaled[places[i]], p) || ranks[places[i]] != pareto.Ranks(good)[i] {
				t.Fatalf("point %d is %v of rank %d among others", i, scaled[places[i]], ranks[places[i]])
			}
		}
		for i := range all {
			if last := slices.Max(ranks); !slices.Contains(places, i) && (ranks[i] != last || !math.IsNaN(scaled[i][0])) {
				t.Fatalf("%v becomes %v of rank %d", all[i], scaled[i], ranks[i])
			}
		}
		reference := slices.Repeat([]float64{9}, objectives)
		got, err := pareto.Hypervolume(all, reference)
		want, errWant := pareto.Hypervolume(good, reference)
		if err != nil || errWant != nil || got != want {
			t.Fatalf("hypervolume %v (%v); wanted %v (%v)", got, err, want, errWant)
		}
		if got := len(pareto.Gaps(all)); got != len(pareto.Gaps(good)) {
			t.Fatalf("%d gaps", got)
		}
	})
}

func TestNotANumber(t *testing.T) {
	points := [][]float64{{1, math.NaN()}, {2, 2}, {math.Inf(-1), 0}, {3, 3}}
	if got := pareto.Ranks(points); !slices.Equal(got, []int{2, 0, 2, 1}) {
		t.Errorf("ranks %v; wanted those without a number after the last front", got)
	}
	if got := pareto.Front(points[:1]); got != nil {
		t.Errorf("front %v of a point without a number", got)
	}
	if got, err := pareto.Hypervolume(points, []float64{4, 4}); err != nil || got != 4 {
		t.Errorf("hypervolume %v, %v; wanted 4", got, err)
	}
	low, high := pareto.Bounds(points)
	if !slices.Equal(low, []float64{2, 2}) || !slices.Equal(high, []float64{3, 3}) {
		t.Errorf("bounds %v and %v; wanted 2 and 3", low, high)
	}
}

// The greatest numbers of a float64 have a range that is none.
func TestGreatNumbers(t *testing.T) {
	const most = math.MaxFloat64
	points := [][]float64{{-most, most}, {0, 0}, {most, -most}}
	if got := pareto.Normalized(points); !slices.Equal(got[0], []float64{0, 1}) || !slices.Equal(got[1], []float64{0.5, 0.5}) || !slices.Equal(got[2], []float64{1, 0}) {
		t.Errorf("normalised to %v", got)
	}
	if got := pareto.Knee(points); got != 0 { // all three lie on the line between the ends
		t.Errorf("the knee is point %d", got)
	}
	if got, err := pareto.Hypervolume(points, []float64{most, most}); err == nil || !strings.Contains(err.Error(), "too large for a float64") {
		t.Errorf("a volume of %v, %v", got, err)
	}
}

func TestLengths(t *testing.T) {
	for _, c := range []struct {
		points    [][]float64
		reference []float64
		want      string
	}{
		{[][]float64{{1, 1, 1}}, []float64{2, 2}, "point 0 has 3 values and the reference point 2"},
		{[][]float64{{1, 1}}, []float64{2, 2, 2}, "point 0 has 2 values and the reference point 3"},
		{[][]float64{{1, 1}, {1}}, []float64{2, 2}, "point 1 has 1 values"},
		{[][]float64{{1, 1}}, []float64{2, math.Inf(1)}, "[2 +Inf]; wanted a finite number"},
		{nil, []float64{math.NaN()}, "[NaN]; wanted a finite number"},
	} {
		if got, err := pareto.Hypervolume(c.points, c.reference); err == nil || !strings.Contains(err.Error(), c.want) || !math.IsNaN(got) {
			t.Errorf("the hypervolume of %v up to %v is %v, %v; wanted %q", c.points, c.reference, got, err, c.want)
		}
	}
	for name, use := range map[string]func([][]float64){
		"Front": func(p [][]float64) { pareto.Front(p) }, "Ranks": func(p [][]float64) { pareto.Ranks(p) }, "Knee": func(p [][]float64) { pareto.Knee(p) },
		"Bounds": func(p [][]float64) { pareto.Bounds(p) }, "Normalized": func(p [][]float64) { pareto.Normalized(p) }, "Gaps": func(p [][]float64) { pareto.Gaps(p) },
		"Dominates": func(p [][]float64) { pareto.Dominates(p[0], p[1]) },
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, "2 values and another 3") && !strings.Contains(text, "3 values and another 2") {
					t.Errorf("%s: %s", name, text)
				}
			}()
			use([][]float64{{1, 2}, {1, 2, 3}})
		}()
		if name != "Dominates" {
			use([][]float64{{1, 2}, {math.NaN()}}) // no point of the objectives at all
		}
	}
}
