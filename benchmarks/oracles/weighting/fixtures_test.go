// Package weighting_test holds the oracles' fixtures against themselves; the tests of mtl/weighting hold gomtl against them.
package weighting_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const testdata = "../../../mtl/weighting/testdata/"

func read(t *testing.T, name string, into any) {
	t.Helper()
	file, err := os.ReadFile(testdata + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, into); err != nil {
		t.Fatal(err)
	}
}

// TestGolden holds each direction against Jᵀw in float64, and the weights against the optimality conditions that the script checked.
func TestGolden(t *testing.T) {
	var matrices struct {
		Cases []struct {
			Name     string
			Jacobian [][]float64
		}
	}
	var golden struct {
		Cases []struct {
			Matrix, Method     string
			Weights, Direction []float64
			KKT                float64
		}
	}
	read(t, "matrices.json", &matrices)
	read(t, "golden.json", &golden)
	jacobians := map[string][][]float64{}
	for _, m := range matrices.Cases {
		jacobians[m.Name] = m.Jacobian
	}
	methods := map[string]int{}
	for _, c := range golden.Cases {
		methods[c.Method]++
		j := jacobians[c.Matrix]
		if len(c.Direction) != len(j[0]) {
			t.Fatalf("%s on %s has %d values, wanted %d", c.Method, c.Matrix, len(c.Direction), len(j[0]))
		}
		if c.KKT > 1e-12 {
			t.Errorf("%s on %s fails the optimality conditions by %v", c.Method, c.Matrix, c.KKT)
		}
		if c.Weights == nil {
			continue
		}
		sum, scale := make([]float64, len(c.Direction)), 1e-300
		for i, w := range c.Weights {
			length := 0.0
			for k, v := range j[i] {
				sum[k] += w * v
				length = math.Hypot(length, v)
			}
			scale += math.Abs(w) * length
		}
		for k, v := range sum {
			if !(math.Abs(v-c.Direction[k]) <= 1e-14*scale) {
				t.Errorf("%s on %s: the weights give %v as value %d, the direction has %v", c.Method, c.Matrix, v, k, c.Direction[k])
			}
		}
	}
	if len(matrices.Cases) != 72 || len(golden.Cases) != 3311 || len(methods) != 17 {
		t.Errorf("got %d matrices, %d records and %d methods; wanted 72, 3311 and 17", len(matrices.Cases), len(golden.Cases), len(methods))
	}
}

// TestPublishedValues holds golden.json against numbers that the methods' authors or TorchJD's own tests print.
func TestPublishedValues(t *testing.T) {
	published := map[string][]float64{ // on the rows (-4, 1, 1) and (6, 1, 1), with default settings
		`"MGDA","params":{"normalize":"none"}`:    {0, 1, 1},
		`"PCGrad","params":{"order":[0,1]}`:       {0.5848, 3.8012, 3.8012},
		`"IMTLG","params":{}`:                     {0.0767, 1, 1},
		`"AlignedMTL","params":{"mode":"min"}`:    {0.2133, 0.9673, 0.9673},
		`"ConFIG","params":{}`:                    {0.1588, 2.0706, 2.0706},
		`"CAGrad","params":{"c":0.5}`:             {0.1835, 1.2041, 1.2041},
		`"NashMTL","params":{"max_norm":1}`:       {0.0542, 0.7061, 0.7061},
		`"UPGrad","params":{"ridge":0.0001}`:      {0.2929, 1.9004, 1.9004},
		`"DualProj","params":{"ridge":0.0001}`:    {0.5563, 1.1109, 1.1109},
		`"Equal","params":{"mean":true}`:          {1, 1, 1},
		`"FairGrad","params":{"alpha":1}`:         {0.0766, 0.9985, 0.9985},
		`"CAGrad","params":{"c":2}`:               {0, 3.3452, 3.3452},
		`"GradVac","params":{"beta":0.5,"eps":0,`: {0.5848, 3.8012, 3.8012},
	}
	file, err := os.ReadFile(testdata + "golden.json")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(file), "\n")
	for key, want := range published {
		found := false
		for _, line := range lines {
			if !strings.HasPrefix(line, `{"matrix":"base","method":`+key) {
				continue
			}
			var record struct{ Direction []float64 }
			if err := json.Unmarshal([]byte(strings.TrimSuffix(line, ",")), &record); err != nil {
				t.Fatal(err)
			}
			found = true
			for k, v := range record.Direction {
				if math.Abs(v-want[k]) > 1.01e-4 {
					t.Errorf("%s: %v; published is %v", key, record.Direction, want)
					break
				}
			}
		}
		if !found {
			t.Errorf("there is no record %s", key)
		}
	}
}

// TestScripts runs the scripts again where GOMTL_ORACLE_PYTHON names a Python with requirements.txt (and LIBMTL a checkout).
func TestScripts(t *testing.T) {
	python := os.Getenv("GOMTL_ORACLE_PYTHON")
	for _, script := range []string{"matrices", "scalarizers", "recurrences", "one_step", "golden", "toy"} {
		if _, err := os.Stat(testdata + script + ".json"); err != nil {
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
