package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urfave/cli/v3"
)

// weighing runs the command on an input and returns what it prints.
func weighing(t *testing.T, input string, args ...string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gradients.json")
	if err := os.WriteFile(path, []byte(input), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	app := &cli.Command{Name: "gomtl", Writer: &out, Commands: []*cli.Command{weighCommand()}}
	err := app.Run(context.Background(), append([]string{"gomtl", "weigh", "-in", path}, args...))
	return out.String(), err
}

func answersOf(t *testing.T, input string, args ...string) map[string]*answer {
	t.Helper()
	out, err := weighing(t, input, append(args, "-json")...)
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Methods map[string]*answer }
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return all.Methods
}

// The two-task example of TorchJD's documentation and tests, and one of three tasks by enumeration of supports.
const (
	twoTasks   = `{"jacobian": [[-4, 1, 1], [6, 1, 1]]}`
	threeTasks = `{"jacobian": [[1, 0, 0.5, -1], [-0.5, 1, 0.2, 0.3], [0.3, -1.5, 1, 0.2]], "losses": [1, 2, 4]}`
)

func TestWeigh(t *testing.T) {
	for _, c := range []struct {
		input, method string
		args          []string
		weights       []float64
		conflicts     bool
	}{
		{twoTasks, "MGDA", nil, []float64{0.6, 0.4}, false},
		{twoTasks, "UPGrad", nil, []float64{1.1109, 0.7894}, false},
		{twoTasks, "DualProj", nil, []float64{0.6109, 0.5}, false},
		{twoTasks, "IMTLG", nil, []float64{0.5923, 0.4077}, false},
		{twoTasks, "AlignedMTL", nil, []float64{0.5591, 0.4083}, false},
		{twoTasks, "PCGrad", nil, []float64{2.2222, 1.5789}, false},
		{twoTasks, "Mean", nil, []float64{0.5, 0.5}, true},
		{twoTasks, "CAGrad", []string{"-set", "CAGrad.c=0.5"}, []float64{0.7041, 0.5}, false},
		{twoTasks, "FairGrad", []string{"-set", "fairgrad.ALPHA=1"}, []float64{0.59148, 0.40708}, false},
		{twoTasks, "MGDA", []string{"-dtype", "float32"}, []float64{0.6, 0.4}, false},
		{twoTasks, "Fixed", []string{"-set", "Fixed.task1=2"}, []float64{1, 2}, true},
		{threeTasks, "MGDA", nil, []float64{0.206415, 0.537631, 0.255954}, false},
		{threeTasks, "AlignedMTL", []string{"-set", "AlignedMTL.Scale=median"}, []float64{0.403577, 0.750629, 0.436885}, false},
		{twoTasks, "UPGrad", []string{"-set", "UPGrad.Preference=[1,0]", "-set", "UPGrad.RegEps=1e-12"}, []float64{1, 22.0 / 38}, false},
		{twoTasks, "Smoothed", []string{"-set", "Smoothed.Method=Mean"}, []float64{0.5, 0.5}, true},
		{threeTasks, "GLS", nil, []float64{0.666667, 0.333333, 0.166667}, true},
	} {
		got := answersOf(t, c.input, append(c.args, "-methods", c.method)...)[c.method]
		if got == nil || len(got.Weights) != len(c.weights) {
			t.Fatalf("%s %v: answer %+v", c.method, c.args, got)
		}
		for i, w := range c.weights {
			if !(math.Abs(got.Weights[i]-w) < 6e-5) {
				t.Errorf("%s %v: weights %v, want %v", c.method, c.args, got.Weights, c.weights)
				break
			}
		}
		if got.Conflicts != c.conflicts {
			t.Errorf("%s %v: conflicts %v with %v, want %v", c.method, c.args, got.Conflicts, got.With, c.conflicts)
		}
	}
}

// Every method answers, with finite numbers, or says that it needs a model.
func TestWeighAll(t *testing.T) {
	answers := answersOf(t, threeTasks)
	if len(answers) != len(methods) {
		t.Errorf("%d answers of %d methods", len(answers), len(methods))
	}
	for name, a := range answers {
		switch name {
		case "AutoLambda", "MOML", "FORUM":
			if a.Error == "" {
				t.Errorf("%s answers without a model: %+v", name, a)
			}
		default:
			if a.Error != "" || len(a.Weights) != 3 || len(a.Direction) != 4 {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
	if a := answers["MGDA"]; a.Iterations == nil || a.Residual == nil || *a.Residual > 1e-12 {
		t.Errorf("MGDA's solver: iterations %v, residual %v", a.Iterations, a.Residual)
	}
	text, err := weighing(t, threeTasks)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"combined gradient", "MGDA", "0.2064 0.5376 0.256", "task 1", "AutoLambda: "} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}

// A method with memory sees the states one after another: the third window of DWA follows the first two, w = T·softmax(r/2), r = L̄(1)/L̄(0).
func TestWeighSteps(t *testing.T) {
	state := func(losses string, steps string) string {
		return `{"jacobian": [[1], [1]], "losses": ` + losses + `, "steps": ` + steps + `}`
	}
	input := "[" + state("[1, 1]", "2") + ",\n" + state("[1, 0.5]", "2") + ",\n" + state("[7, 7]", "1") + "]"
	got := answersOf(t, input, "-methods", "DWA", "-set", "DWA.Window=2")["DWA"]
	a, b := math.Exp(0.5), math.Exp(0.25)
	want := []float64{2 * a / (a + b), 2 * b / (a + b)}
	for i := range want {
		if math.Abs(got.Weights[i]-want[i]) > 1e-9 {
			t.Errorf("weights %v, want %v", got.Weights, want)
		}
	}
}

func TestWeighErrors(t *testing.T) {
	for _, c := range []struct {
		input string
		args  []string
		parts []string
	}{
		{twoTasks, []string{"-methods", "MDGA"}, []string{`"MDGA"`, "MGDA"}},
		{twoTasks, []string{"-methods", "MGDA", "-set", "CAGrad.c=1"}, []string{"CAGrad", "not among"}},
		{twoTasks, []string{"-set", "CAGrad.d=1"}, []string{"CAGrad", `"d"`, `"C"`}},
		{twoTasks, []string{"-set", "CAGrad.c=much"}, []string{"CAGrad.C", "much", "float64"}},
		{twoTasks, []string{"-methods", "CAGrad", "-set", "CAGrad.c=-1"}, []string{"CAGrad.C", "-1"}},
		{twoTasks, []string{"-set", "c=1"}, []string{"METHOD.FIELD=VALUE"}},
		{twoTasks, []string{"-dtype", "float8"}, []string{"float8", "float32"}},
		{"{\"jacobian\": [[1, 2],\n [3]]}", nil, []string{"state 1", "row 1", "1 numbers"}},
		{"{\"jacobian\": [[1, 2],\n [3, x]]}", nil, []string{"line 2"}},
		{"\n\n{\"jacobian\": [[1, 2]],\n \"losses\": \"many\"}", nil, []string{"line 4"}},
		{"{\"jacobian\": [[1, 2],\n [3, null]]}", nil, []string{"null", "line 2"}},
		{twoTasks, []string{"-set", "Smoothed.Method=Best"}, []string{"Smoothed.Method", "Best"}},
		{`{"jacobean": [[1]]}`, nil, []string{"jacobean"}},
		{`{"jacobian": [[1], [2]], "losses": [1]}`, nil, []string{"1 losses", "2 rows"}},
		{`[{"jacobian": [[1], [2]]}, {"jacobian": [[1]]}]`, nil, []string{"state 2", "1×1", "2×1"}},
		{`{"jacobian": [[1]], "steps": -1}`, nil, []string{"steps -1"}},
		{`[]`, nil, []string{"no state"}},
		{``, nil, []string{"no state"}},
		{twoTasks + twoTasks, nil, []string{"line 1"}},
		{"[" + twoTasks + "] and more", nil, []string{"after the end"}},
	} {
		_, err := weighing(t, c.input, c.args...)
		if err == nil {
			t.Errorf("%s %v: no error", c.input, c.args)
			continue
		}
		for _, part := range c.parts {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s %v: error %q lacks %q", c.input, c.args, err, part)
			}
		}
	}
}

// Gradients whose squares overflow or vanish are refused: a method would take them for nothing.
func TestWeighRange(t *testing.T) {
	input := func(v string) string { return `{"jacobian": [[` + v + `, 0], [0, ` + v + `]]}` }
	for _, c := range []struct{ value, dtype, want string }{
		{"1e160", "float64", "too large"}, {"1e154", "float64", "too large"}, {"1e20", "float32", "too large"}, {"1e300", "float32", "too large"},
		{"1e-170", "float64", "too small"}, {"1e-20", "float32", "too small"}, {"5e-324", "float64", "too small"},
		{"1e150", "float64", ""}, {"1e-150", "float64", ""}, {"1e18", "float32", ""}, {"1e-18", "float32", ""}, {"0", "float32", ""},
	} {
		out, err := weighing(t, input(c.value), "-dtype", c.dtype, "-methods", "Equal,MGDA,UPGrad,PCGrad", "-json")
		switch {
		case c.want != "":
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "task 0") || !strings.Contains(err.Error(), c.dtype) {
				t.Errorf("%s as %s: the error is %v; wanted %q", c.value, c.dtype, err, c.want)
			}
		case err != nil:
			t.Errorf("%s as %s: %v", c.value, c.dtype, err)
		}
		if c.want != "" || c.value == "0" {
			continue
		}
		// Two gradients of one length at a right angle: no method leaves one out.
		for method, a := range answersOf(t, input(c.value), "-dtype", c.dtype, "-methods", "Equal,MGDA,UPGrad,PCGrad") {
			if a.Error == "" && !(a.Direction[0] > 0 && a.Direction[1] > 0) {
				t.Errorf("%s of %s as %s: %+v\n%s", method, c.value, c.dtype, a, out)
			}
		}
	}
	if _, err := weighing(t, `{"jacobian": [[1], [1]], "losses": [1e39, 1]}`, "-dtype", "float32"); err == nil || !strings.Contains(err.Error(), "the loss 1e+39") {
		t.Errorf("a loss of 1e39 as float32: %v", err)
	}
}

// Who waits is told how far it is.
func TestWeighTellsHowFarItIs(t *testing.T) {
	var said safeBuffer
	p := &patient{to: &said, all: 42}
	end := p.begin()
	p.at("MGDA")
	p.at("UPGrad")
	time.Sleep(firstWord + time.Second)
	end()
	if want := "gomtl: UPGrad, 1 of 42 methods done in 2 s\n"; said.String() != want {
		t.Errorf("it says %q; wanted %q", said.String(), want)
	}
}

// safeBuffer is a buffer for a writer in another goroutine.
type safeBuffer struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.text.String()
}
