package mtl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/compilation"
	"github.com/gomtl/gomtl/mtl/weighting"
)

const keptChild = "MTL_TEST_KEPT_CHILD" // the file to write

// keptRun is what a process trained and how its programs came to be. Numbers are written as their bits.
type keptRun struct {
	Count   compilation.Count
	Header  string // of one run
	Results map[string][]uint64
	Memory  map[string]mtl.ProgramMemory
	Cost    map[string]string
}

// keptProblems are programs with loops, random numbers, solvers, convolutions and donated variables.
func keptProblems() map[string]func() (*mtl.Model, mtl.Data, mtl.FitOptions) {
	return map[string]func() (*mtl.Model, mtl.Data, mtl.FitOptions){
		"loops": func() (*mtl.Model, mtl.Data, mtl.FitOptions) {
			m, data := twoTasks()
			return m, data, mtl.FitOptions{Steps: 24, BatchSize: 20, StepsPerCall: 6, LearningRate: 1e-2, Weighting: weighting.MGDA{}, Patience: 9}
		},
		"convolution": func() (*mtl.Model, mtl.Data, mtl.FitOptions) {
			m, data, options := costProblem("conv", 4, "equal")
			m.Arch = arch.HardSharing{Trunk: arch.Conv{Stages: []arch.Stage{{Channels: 4}, {Channels: 4, Stride: 2}}}}
			return m, data, options
		},
	}
}

// TestKeptChild is the child process; it does nothing in an ordinary run of the tests.
func TestKeptChild(t *testing.T) {
	path := os.Getenv(keptChild)
	if path == "" {
		t.Skip("only as a child of TestKeptPrograms")
	}
	b := backendtest.XLA(t)
	run := keptRun{Results: map[string][]uint64{}, Memory: map[string]mtl.ProgramMemory{}, Cost: map[string]string{}}
	before := compilation.Total()
	for name, problem := range keptProblems() {
		var header bytes.Buffer
		m, data, options := problem()
		options.Backend, options.Store = b, model.NewStore()
		options.Log = slog.New(slog.NewTextHandler(&header, nil))
		c, err := mtl.Compile(m, data, options)
		if err != nil {
			t.Fatal(err)
		}
		h, err := c.Fit(context.Background(), mtl.RunOptions{Store: options.Store})
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range h.Records {
			for _, task := range m.TaskNames() {
				run.Results[name] = append(run.Results[name], math.Float64bits(record.Loss[task]), math.Float64bits(record.Weight[task]))
			}
		}
		run.Memory[name], _ = c.Memory()
		run.Header = header.String()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		m, data, options = problem()
		options.Backend, options.Log = b, quiet
		cost, err := mtl.CostOf(m, data, options)
		if err != nil {
			t.Fatal(err)
		}
		run.Cost[name] = fmt.Sprintf("%+v", cost)
	}
	run.Count = compilation.Since(before)
	text, err := json.Marshal(run)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// trainInProcess trains keptProblems in a process with a setting of GOMTL_COMPILE_CACHE.
func trainInProcess(t *testing.T, setting string) (run keptRun) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.json")
	cmd := exec.Command(os.Args[0], "-test.run=^TestKeptChild$")
	cmd.Env = append(os.Environ(), keptChild+"="+path, "GOMTL_COMPILE_CACHE="+setting)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &run)
	}
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestKeptPrograms trains in two processes. The second compiles nothing, and gives the same bits and
// the compiler's same account of the programs.
func TestKeptPrograms(t *testing.T) {
	backendtest.XLA(t)
	dir := t.TempDir()
	first, second := trainInProcess(t, dir), trainInProcess(t, dir)
	if !reflect.DeepEqual(second.Results, first.Results) {
		t.Error("other losses or weights by kept programs")
	}
	if !reflect.DeepEqual(second.Memory, first.Memory) || !reflect.DeepEqual(second.Cost, first.Cost) {
		t.Errorf("memory %v and cost %v;\nwanted %v and %v", second.Memory, second.Cost, first.Memory, first.Cost)
	}
	all := first.Count.Compiled + first.Count.Loaded
	if first.Count.Compiled == 0 || second.Count.Compiled > 0 || second.Count.Loaded != all {
		t.Errorf("compiled and loaded were %+v; in the second process: %+v", first.Count, second.Count)
	}
	for header, want := range map[string]string{first.Header: "; compiled in ", second.Header: "; compiled before, "} {
		if !strings.Contains(header, want) {
			t.Errorf("a header without %q: %s", want, header)
		}
	}
}
