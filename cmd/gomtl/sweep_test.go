package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
	"github.com/gomtl/gomtl/mtl/weighting"
	"github.com/urfave/cli/v3"
)

// childEnv makes this test binary the command itself.
const childEnv = "GOMTL_TEST_COMMAND"

func TestMain(m *testing.M) {
	sources["tiny"] = source{tinySet, tinyModel}
	if os.Getenv(childEnv) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// tinySet has two tasks that the pure-Go backend learns in no time.
func tinySet() (*datasets.Set, error) {
	split := func(part datasets.Part, n int) *mtl.Split {
		x, sum, sign := make([][]float32, n), make([]float32, n), make([]int32, n)
		for i := range n {
			rng := datasets.Stream(1, part, i)
			x[i] = []float32{float32(rng.NormFloat64()), float32(rng.NormFloat64())}
			if sum[i] = x[i][0] + x[i][1]; x[i][0] > 0 {
				sign[i] = 1
			}
		}
		labels := map[string]*tensors.Tensor{"sum": tensors.FromValue(sum), "sign": tensors.FromValue(sign)}
		return &mtl.Split{Inputs: []*tensors.Tensor{tensors.FromValue(x)}, Labels: labels}
	}
	return &datasets.Set{
		Name:  "tiny",
		Tasks: []datasets.TaskInfo{{Name: "sum", Kind: mtl.KindRegression}, {Name: "sign", Kind: mtl.KindClassification, Classes: []string{"-", "+"}}},
		Train: split(datasets.Train, 64), Validation: split(datasets.Validation, 32), Test: split(datasets.Test, 8),
	}, nil
}

func tinyModel(set *datasets.Set, names []string) (*mtl.Model, error) {
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: arch.Dense{Widths: []int{4}}}}
	for _, name := range names {
		info, err := set.Task(name)
		if err != nil {
			return nil, err
		}
		task, err := info.New()
		if err != nil {
			return nil, err
		}
		m.Tasks = append(m.Tasks, task)
	}
	return m, nil
}

// child is the command in a process of its own, on the pure-Go backend.
func child(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), childEnv+"=1", "GOMLX_BACKEND=go:ops_sequential", "GOMTL_REQUIRE_XLA=", "CGO_ENABLED=0")
	return cmd
}

// output runs it and returns what it prints, without the progress bar, which goes to the other stream.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s%s", cmd.Args, err, out, &complaint)
	}
	return string(out)
}

// swept are the flags of a small sweep with a setting that fails; sweptOptions are the same in Go.
var swept = []string{"-data", "tiny", "-weights", "sign=0.5..8x3", "-setting", "sum=1e38,sign=1e38", "-methods", "Fixed,CAGrad", "-set", "CAGrad.C=0.2",
	"-values", "cagrad/c=0.1,0.7", "-values", "learning_rate=0.01,0.02", "-seeds", "3,4", "-steps", "30", "-batch", "16"}

func sweptOptions() sweep.Options {
	weights := append(sweep.LogRatio("sign", 0.5, 8, 3), sweep.List(map[string]float64{"sum": 1e38, "sign": 1e38})...)
	rates, seeds := sweep.Values(study.LearningRate, 0.01, 0.02), sweep.Seeds(3, 4)
	return sweep.Options{
		Fit: mtl.FitOptions{Steps: 30, BatchSize: 16},
		Settings: append(sweep.Product(weights, rates, seeds),
			sweep.Product(sweep.Methods(weighting.CAGrad{C: 0.2}), sweep.Values("cagrad/c", 0.1, 0.7), rates, seeds)...),
	}
}

// The command finds what the library finds.
func TestSweep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "small")
	printed := output(t, child(t, append([]string{"sweep", "-out", dir}, swept...)...))
	table, err := os.ReadFile(filepath.Join(dir, study.MarkdownFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{string(table), "chosen", "Chosen: ", "Δm", "results: " + dir} {
		if !strings.Contains(printed, want) {
			t.Errorf("%q is not in what was printed:\n%s", want, printed)
		}
	}
	set, err := tinySet()
	if err != nil {
		t.Fatal(err)
	}
	m, err := tinyModel(set, set.TaskNames())
	if err != nil {
		t.Fatal(err)
	}
	options := sweptOptions()
	options.Fit.Backend, options.Dir = backendtest.Go(t), filepath.Join(t.TempDir(), "small")
	want, err := sweep.Run(t.Context(), m, mtl.Data{Train: set.Train, Validation: set.Validation}, options)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := withoutFolder(string(table), dir), withoutFolder(want.String(), options.Dir); a != b {
		t.Errorf("the command's table is\n%s\nthe library's\n%s", a, b)
	}
	if again := output(t, child(t, append([]string{"sweep", "-out", dir}, swept...)...)); again != printed {
		t.Errorf("a second time it prints\n%s\nthe first time\n%s", again, printed)
	}
}

func withoutFolder(table, dir string) string { return strings.ReplaceAll(table, dir, "DIR") }

func TestSweepInterrupted(t *testing.T) {
	dir := t.TempDir()
	args := []string{"sweep", "-out", dir, "-data", "tiny", "-weights", "sign=0.5..8x3", "-steps", "3000", "-batch", "16", "-no-baselines"}
	cmd := child(t, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		first, err := study.LoadTrial(filepath.Join(dir, study.TrialsDir, "sign=0.5,seed=1"))
		if err == nil && first != nil || time.Now().After(deadline) {
			break
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(out.String(), "interrupted; what is done is in "+dir+", and the same command goes on") {
		t.Fatalf("an interrupt ends in %v:\n%s", err, out.String())
	}
	if s, err := study.Load(dir); err != nil || s.Trials[2].State == study.Done {
		t.Fatalf("the interrupt came too late (%v)", err)
	}
	output(t, child(t, args...))
	args[2] = t.TempDir()
	output(t, child(t, args...))
	sameResults(t, dir, args[2])
}

// sameResults compares the tables of two studies.
func sameResults(t *testing.T, dir, undisturbed string) {
	t.Helper()
	var tables [2]string
	for i, d := range []string{dir, undisturbed} {
		data, err := os.ReadFile(filepath.Join(d, study.MarkdownFile))
		if err != nil {
			t.Fatal(err)
		}
		tables[i] = withoutFolder(string(data), d)
	}
	if tables[0] != tables[1] {
		t.Errorf("the table is\n%s\nthat of an undisturbed sweep\n%s", tables[0], tables[1])
	}
}

// sweeping runs the command in this process.
func sweeping(args ...string) (string, error) {
	var out bytes.Buffer
	app := &cli.Command{Name: "gomtl", Writer: &out, Commands: []*cli.Command{sweepCommand()}}
	err := app.Run(context.Background(), append([]string{"gomtl", "sweep"}, args...))
	return out.String(), err
}

func TestSweepErrors(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"", "want -data and -out; for example: gomtl sweep"},
		{"-data tiny -out x y", `got ["y"]`},
		{"-data cifar -out x", `no data set "cifar": want one of digits`},
		{"-data tiny -out x -tasks nose", "nose"},
		{"-data tiny -out x -weights sum=1..", "-weights sum=1..: "},
		{"-data tiny -out x -weights sum=NaN", `-weights sum=NaN: "NaN": want numbers`},
		{"-data tiny -out x -weights sum=1..Inf", `-weights sum=1..Inf: "1..Inf": want numbers`},
		{"-data tiny -out x -weights dirichlet:Infx3", "-weights dirichlet:Infx3: want a concentration"},
		{"-data tiny -out x -setting sum=inf", "-setting sum=inf: want TASK=WEIGHT"},
		{"-data tiny -out x -preferences sum=nan -methods UPGrad", "-preferences sum=nan: "},
		{"-data tiny -out x -values learning_rate=1e999", "-values learning_rate=1e999: "},
		{"-data tiny -out x -rate NaN", "-rate NaN: want a number above 0"},
		{"-data tiny -out x -rate 0", "-rate 0: want"},
		{"-data tiny -out x -batch 0", "-batch 0: want 1 or more"},
		{"-data tiny -out x -steps -3", "-steps -3: want 1 or more"},
		{"-data tiny -out x -adaptive 0", "-adaptive 0: want 1 or more"},
		{"-data tiny -out x -workers 0", "-workers 0: want 1 or more"},
		{"-data tiny -out x -share 4/4", "-share 4/4: want INDEX/COUNT"},
		{"-data tiny -out x -share half", "such as 0/4"},
		{"-data tiny -out x -backend pbs", `no backend "pbs": want kubernetes or slurm`},
		{"-data tiny -out x -backend slurm -share 0/2", "want -shares 2"},
		{"-data tiny -out x -backend slurm -shares 9 -weights sum=1..2x4", "-shares 9: want 1 to 6"},
		{"-data tiny -out x -backend slurm -weights nose=1,2", `"nose", which is no task`},
		{"-data tiny -out x -backend slurm -weights sum=1,2 -halving", "cannot be adaptive or halved"},
		{"-data tiny -out x -backend slurm -shares 2 -cpus -1", "nothing below 0"},
		{"-data tiny -out x -backend kubernetes -shares 2", "no image"},
		{"-data tiny -out x -backend kubernetes -shares 2 -image i", "claim:NAME"},
		{"collect", "got 0 arguments; for example: gomtl sweep collect"},
		{"collect nowhere", "nowhere holds no study"},
	} {
		_, err := sweeping(strings.Fields(c.args)...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: the error is %v; wanted %q", c.args, err, c.want)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("something was written")
	}
}
