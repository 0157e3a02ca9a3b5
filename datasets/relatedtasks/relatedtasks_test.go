package relatedtasks_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/datasettest"
	"github.com/gomtl/gomtl/datasets/relatedtasks"
)

func Example() {
	set, err := relatedtasks.New(relatedtasks.Config{Seed: 1, Tasks: 3, Clusters: []int{2, 1}, Overlap: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(set)
	// Output:
	// relatedtasks: 300 train, 300 validation, 1000 test
	//   input 0  Float32 [300 3 50]
	//   task1    regression
	//   task2    regression
	//   task3    regression
}

func small(c relatedtasks.Config) relatedtasks.Config {
	c.Train, c.Validation, c.Test = 40, 20, 20
	return c
}

func TestConformance(t *testing.T) {
	for _, c := range []relatedtasks.Config{{}, {Seed: 3, Overlap: 0.5, Noise: -1}, {Tasks: 5, Clusters: []int{2, 3}, Overlap: 1, Inputs: 7, Features: 2}} {
		build := func() (*datasets.Set, error) { return relatedtasks.New(small(c)) }
		datasettest.Check(t, build)
		set, err := build()
		if err != nil {
			t.Fatal(err)
		}
		datasettest.CheckDisjoint(t, set)
	}
}

// Example i does not depend on how many there are, nor on ρ.
func TestPrefix(t *testing.T) {
	long, err := relatedtasks.New(small(relatedtasks.Config{Overlap: 1}))
	if err != nil {
		t.Fatal(err)
	}
	short, err := relatedtasks.New(relatedtasks.Config{Train: 7, Validation: 1, Test: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range datasets.Parts() {
		prefix, err := datasets.Take(long.Part(part), short.Part(part).Len())
		if err != nil {
			t.Fatal(err)
		}
		if !prefix.Inputs[0].Equal(short.Part(part).Inputs[0]) {
			t.Errorf("%s: the inputs depend on the number of examples", part)
		}
	}
}

// What Describe says of the functions, by sampling: variance 1, and feature matrices that correlate as Relatedness says.
func TestTeachers(t *testing.T) {
	for _, rho := range []float64{0, 0.5, 1} {
		c := relatedtasks.Config{Overlap: rho, Clusters: []int{5, 3}, Inputs: 400, Seed: 5}
		teachers, err := c.Teachers()
		if err != nil {
			t.Fatal(err)
		}
		truth, err := c.Relatedness()
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range teachers {
			for j, b := range teachers {
				var ab, aa, bb float64
				for r := range a.U {
					for k := range a.U[r] {
						ab, aa, bb = ab+a.U[r][k]*b.U[r][k], aa+a.U[r][k]*a.U[r][k], bb+b.U[r][k]*b.U[r][k]
					}
				}
				// Five standard deviations of a correlation of 1,600 pairs.
				if got := ab / math.Sqrt(aa*bb); math.Abs(got-truth[i][j]) > 5/math.Sqrt(1600) {
					t.Errorf("ρ %v: the features of tasks %d and %d correlate by %.3f; wanted %v", rho, i, j, got, truth[i][j])
				}
			}
		}
		random := rand.New(rand.NewPCG(1, 1))
		const n = 20_000
		var sum, squares float64
		x := make([]float64, 400)
		for range n {
			for k := range x {
				x[k] = random.NormFloat64()
			}
			z := teachers[0].Value(x)
			sum, squares = sum+z, squares+z*z
		}
		if mean, variance := sum/n, squares/n; math.Abs(mean) > 0.04 || math.Abs(variance-1) > 0.04 {
			t.Errorf("ρ %v: mean %.3f and variance %.3f; wanted 0 and 1", rho, mean, variance)
		}
	}
}

func TestBadConfigs(t *testing.T) {
	for want, c := range map[string]relatedtasks.Config{
		"Overlap should be in 0..1": {Overlap: 1.5},
		"negative":                  {Train: -1},
		"there should be 8":         {Clusters: []int{3, 3}},
		"should have a task":        {Clusters: []int{8, 0}},
	} {
		if _, err := relatedtasks.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; wanted one with %q", err, want)
		}
	}
	if _, err := relatedtasks.Model(relatedtasks.Config{}, "task9"); err == nil || !strings.Contains(err.Error(), "task8") {
		t.Errorf("error %v", err)
	}
}

// Each task's prediction is that of its own inputs, whichever other tasks the model has; the layer is shared.
func TestNetwork(t *testing.T) {
	c := relatedtasks.Config{Tasks: 3, Inputs: 4}
	m, err := relatedtasks.Model(c)
	if err != nil {
		t.Fatal(err)
	}
	third, err := m.Only("task3")
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	exec := model.MustNewExec(backendtest.Go(t), store, func(scope *model.Scope, x *graph.Node) []*graph.Node {
		own := graph.Reshape(graph.SliceAxis(x, 1, graph.AxisElem(2)), 5, 4)
		all := m.Graph(scope, nil, []*graph.Node{x})
		alone := third.Graph(scope.ResetVisited(), nil, []*graph.Node{x})
		same := m.Graph(scope.ResetVisited(), nil, []*graph.Node{own})
		return []*graph.Node{all[2], alone[0], same[2], all[0], all[1]}
	})
	g := rand.New(rand.NewPCG(2, 2))
	x := make([][][]float32, 5)
	for i := range x {
		for range 3 {
			x[i] = append(x[i], []float32{float32(g.NormFloat64()), float32(g.NormFloat64()), 1, 2})
		}
	}
	out := exec.MustCall(x)
	for k := 1; k < 3; k++ {
		if !out[0].InDelta(out[k], 1e-6) {
			t.Errorf("task3 predicts %v, in another form of the network %v", out[0], out[k])
		}
	}
	if want := shapes.Make(dtypes.Float32, 4, 8); !store.GetVariable("/shared/layer_0/dense/weights").Shape().Equal(want) {
		t.Errorf("weights %s; wanted %s", store.GetVariable("/shared/layer_0/dense/weights").Shape(), want)
	}
}
