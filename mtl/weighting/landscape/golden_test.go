package landscape_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
	"github.com/gomtl/gomtl/mtl/weighting/landscape"
)

// golden is a record of toy.json, made in NumPy; benchmarks/oracles/weighting/README.md says what its fields mean.
type golden struct {
	Method string
	Params map[string]any
	Scale  float64
	Start  [2]float64
	Points [][2]float64
	Moved  []float64
}

// goldenGroup are the records of one method, setting and scale.
type goldenGroup struct {
	name  string
	cases []golden
}

// steady bounds how far a record's own path moved when its start moved by 1e-9. Beyond, the point depends on the last bits.
const steady = 1e-6

// TestGolden compares θ after 1,000, 5,000, 20,000 and, where the run is as long, 50,000 steps, in both scales of the losses.
func TestGolden(t *testing.T) {
	file, err := os.ReadFile("../testdata/toy.json")
	if err != nil {
		t.Fatal(err)
	}
	var records struct {
		About struct{ Steps []int }
		Cases []golden
	}
	if err := json.Unmarshal(file, &records); err != nil {
		t.Fatal(err)
	}
	var groups []*goldenGroup
	for _, c := range records.Cases {
		name := fmt.Sprintf("%s %v scale %v", c.Method, c.Params, c.Scale)
		if len(groups) == 0 || groups[len(groups)-1].name != name {
			groups = append(groups, &goldenGroup{name: name})
		}
		last := groups[len(groups)-1]
		last.cases = append(last.cases, c)
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			compared := 0
			for i, path := range g.paths(t) {
				c := g.cases[i]
				for k, steps := range records.About.Steps {
					at := steps / every
					if c.Moved[k] > steady || at >= len(path) || c.beyond(steps, c.Points[k]) {
						continue
					}
					compared++
					if d := math.Hypot(path[at][0]-c.Points[k][0], path[at][1]-c.Points[k][1]); !(d <= 1e-5) {
						t.Errorf("from %v after %d steps: %v; want %v, off by %.1g (it moves by %.1g)", c.Start, steps, path[at], c.Points[k], d, c.Moved[k])
					}
				}
			}
			if compared < 5 {
				t.Errorf("only %d points could be compared", compared)
			}
		})
	}
}

// beyond tells whether a record says more than the method's definition does.
func (c golden) beyond(steps int, at [2]float64) bool {
	switch c.Method {
	case "FairGrad": // records have a ridge of 1e-14·tr G, which counts in the valleys, where one gradient is 10⁵ times the other
		return steps > 1000
	case "IMTLG": // on the set, where the gradients are opposite, ours is the solution of the pseudo-inverse, theirs the limit
		return landscape.ParetoDistance(at[0], at[1]) < arrived
	}
	return false
}

// paths runs the records' method from their starts; at scale 1 they are the paths of methods.
func (g *goldenGroup) paths(t *testing.T) [][][2]float64 {
	t.Helper()
	first := g.cases[0]
	w, setting := first.weighting()
	if w == nil {
		t.Fatalf("no method is known for %s", g.name)
	}
	for _, m := range methods {
		if first.Scale == 1 && m.name == first.Method && m.setting == setting {
			return m.paths(t)
		}
	}
	var starts [][2]float64
	for _, c := range g.cases {
		starts = append(starts, c.Start)
	}
	walk := landscape.Walk{Problem: landscape.Problem{Scale: first.Scale, Offset: offset}, Method: w, Steps: 20_000, Every: every}
	paths, err := walk.Run(context.Background(), backendtest.XLA(t), starts...)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// weighting returns the record's method, nil for an unknown one, and its setting in methods.
func (c golden) weighting() (w mtl.Weighting, setting string) {
	number := func(name string) float64 { v, _ := c.Params[name].(float64); return v }
	switch c.Method {
	case "Equal":
		return weighting.Equal{}, ""
	case "MGDA":
		if c.Params["normalize"] == "l2" {
			return weighting.MGDA{Normalization: weighting.NormNormalization}, "l2"
		}
		return weighting.MGDA{}, ""
	case "PCGrad":
		return weighting.PCGrad{}, ""
	case "GradVac":
		return weighting.GradVac{Beta: number("beta")}, ""
	case "IMTLG":
		return weighting.IMTLG{}, ""
	case "CAGrad":
		if number("c") == 0.4 {
			return weighting.CAGrad{C: 0.4}, ""
		}
		return weighting.CAGrad{C: number("c")}, "c"
	case "NashMTL":
		return weighting.NashMTL{MaxNorm: number("max_norm")}, ""
	case "FairGrad":
		if number("alpha") == 2 {
			return weighting.FairGrad{}, ""
		}
		return weighting.FairGrad{Alpha: number("alpha")}, "α"
	case "AlignedMTL":
		return weighting.AlignedMTL{}, ""
	case "UPGrad":
		return weighting.UPGrad{RegEps: number("ridge")}, ""
	case "DualProj":
		return weighting.DualProj{RegEps: number("ridge")}, ""
	case "ConFIG":
		return weighting.ConFIG{}, ""
	case "PCD":
		return weighting.PCD{Tau: number("tau"), Beta: number("beta")}, ""
	case "FAMO":
		return weighting.FAMO{MinLosses: []float64{offset + number("minimum"), offset + number("minimum")}, LearningRate: number("rate"), Decay: 1e-300}, "no decay"
	}
	return nil, ""
}
