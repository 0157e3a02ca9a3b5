// Package sweep_test holds the oracles' fixtures against closed forms and against the toy of mtl/weighting/landscape; the tests of mtl/sweep and mtl/pareto hold gomtl
// against them.
package sweep_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"testing"

	"github.com/gomtl/gomtl/mtl/weighting/landscape"
)

const mtl = "../../../mtl/"

type record struct {
	Weight float64
	Point  []float64
	Losses [2]float64
}

// TestFronts holds the linear front against the losses of its points and its closed form, the toy's against the slopes of landscape's losses.
func TestFronts(t *testing.T) {
	file, err := os.ReadFile(mtl + "sweep/testdata/fronts.json")
	if err != nil {
		t.Fatal(err)
	}
	var fronts struct {
		Inputs   [][]float64
		Targets  [][2]float64
		Problems []struct {
			Least       [2]float64
			Spread      float64
			Hypervolume float64
		}
		Linear, Toy []record
	}
	if err := json.Unmarshal(file, &fronts); err != nil {
		t.Fatal(err)
	}
	if len(fronts.Linear) != 201 || len(fronts.Toy) != 201 {
		t.Fatalf("got %d and %d weights, wanted 201", len(fronts.Linear), len(fronts.Toy))
	}
	least, spread := fronts.Problems[0].Least, fronts.Problems[0].Spread
	if want := (1.21 - 1.0/6) * spread * spread; math.Abs(fronts.Problems[0].Hypervolume-want) > 1e-12*want {
		t.Errorf("the hypervolume of linear is %v; wanted %v", fronts.Problems[0].Hypervolume, want)
	}
	for _, r := range fronts.Linear {
		var losses [2]float64
		for i, x := range fronts.Inputs {
			prediction := 0.0
			for k, v := range x {
				prediction += v * r.Point[k]
			}
			for task, y := range fronts.Targets[i] {
				losses[task] += (prediction - y) * (prediction - y) / float64(len(fronts.Inputs))
			}
		}
		onFront := [2]float64{least[0] + (1-r.Weight)*(1-r.Weight)*spread, least[1] + r.Weight*r.Weight*spread}
		for task, loss := range r.Losses {
			if math.Abs(loss-losses[task]) > 1e-12 || math.Abs(loss-onFront[task]) > 1e-12 {
				t.Errorf("linear at %v: loss %d is %v; its point has %v, the front %v", r.Weight, task, loss, losses[task], onFront[task])
			}
		}
	}
	problem := landscape.Problem{}
	for _, r := range fronts.Toy {
		first, second := problem.Losses(r.Point[0], r.Point[1])
		if math.Abs(first-r.Losses[0]) > 1e-12 || math.Abs(second-r.Losses[1]) > 1e-12 {
			t.Errorf("toy at %v: losses %v; landscape has %v and %v", r.Weight, r.Losses, first, second)
		}
		g, h := problem.Gradients(r.Point[0], r.Point[1])
		for k := range g {
			if slope := r.Weight*g[k] + (1-r.Weight)*h[k]; math.Abs(slope) > 1e-13 {
				t.Errorf("toy at %v: the weighted loss still falls by %v along %d", r.Weight, slope, k)
			}
		}
	}
}

// TestScripts runs the scripts again where GOMTL_ORACLE_PYTHON names a Python with requirements.txt.
func TestScripts(t *testing.T) {
	python := os.Getenv("GOMTL_ORACLE_PYTHON")
	for script, fixture := range map[string]string{"front": "sweep/testdata/fronts.json", "pareto": "pareto/testdata/reference.json"} {
		if _, err := os.Stat(mtl + fixture); err != nil {
			t.Error(err)
		}
		if python == "" {
			continue
		}
		if out, err := exec.CommandContext(t.Context(), python, script+".py", "--check").CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
	}
}
