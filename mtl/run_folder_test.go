package mtl

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/internal/lock"
	"github.com/gomtl/gomtl/mtl/internal/saved"
	"github.com/gomtl/gomtl/mtl/metric"
)

// contents are the files below a folder with their hashes, less the lock.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == lockFile {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// folderRun is a short run in a folder, on the pure-Go backend.
func folderRun(t *testing.T, dir string) (*Model, Data, FitOptions) {
	t.Helper()
	m, train := tinyProblem(64)
	_, validation := tinyProblem(32)
	return m, Data{Train: train, Validation: validation}, FitOptions{
		Backend: backendtest.Go(t), Steps: 8, BatchSize: 16, SaveEvery: 4, ValidateEvery: 4, RecordEvery: 2, RunDir: dir, Log: quiet,
	}
}

func fitTo(t *testing.T, m *Model, data Data, o FitOptions) *history.History {
	t.Helper()
	h, err := Fit(context.Background(), m, data, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// doubled is another loss of the same shapes.
func doubled(labels, predictions []*graph.Node) *graph.Node {
	return graph.MulScalar(SquaredError(labels, predictions), 2)
}

// A folder is only continued as what it is: each change that training depends on is named, and the folder stays as it was.
func TestRunFolderOfAnotherRun(t *testing.T) {
	dir := t.TempDir()
	m, data, o := folderRun(t, dir)
	fitTo(t, m, data, o)
	before := contents(t, dir)
	for want, change := range map[string]func(m *Model, data *Data, o *FitOptions){
		"sharedDense(64); as":  func(m *Model, _ *Data, _ *FitOptions) { m.Arch = sharedDense(9) },
		"droppedDense(64); c":  func(m *Model, _ *Data, _ *FitOptions) { m.Arch = droppedDense(64) },
		`task "sum": `:         func(m *Model, _ *Data, _ *FitOptions) { m.Tasks[0].Loss = doubled },
		"head ":                func(m *Model, _ *Data, _ *FitOptions) { m.Tasks[0].Head = HeadFunc(m.Tasks[0].Head.Predict) },
		"metrics ":             func(m *Model, _ *Data, _ *FitOptions) { m.Tasks[1].Metrics = []metric.Metric{metric.Accuracy{}} },
		"in 2 parts":           func(_ *Model, _ *Data, o *FitOptions) { o.Accumulate = 2 },
		"batch size: 16":       func(_ *Model, _ *Data, o *FitOptions) { o.BatchSize = 8 },
		"its seed is 1":        func(_ *Model, _ *Data, o *FitOptions) { o.Seed = 2 },
		"learning rate 0.002":  func(_ *Model, _ *Data, o *FitOptions) { o.LearningRate = 0.002 },
		"Cosine":               func(_ *Model, _ *Data, o *FitOptions) { o.Schedule = Cosine{} },
		"gradient norm at mos": func(_ *Model, _ *Data, o *FitOptions) { o.ClipNorm = 1 },
		"beta1:0.8":            func(_ *Model, _ *Data, o *FitOptions) { o.Optimizer = optimizer.Adam().Betas(0.8, 0.999).Done() },
		"weighting: equal":     func(_ *Model, _ *Data, o *FitOptions) { o.Weighting = weighs{1, 2} },
		"training data: ":      func(_ *Model, data *Data, _ *FitOptions) { _, data.Train = tinyProblem(65) },
		"validation data: ":    func(_ *Model, data *Data, _ *FitOptions) { _, data.Validation = tinyProblem(33) },
		"number of steps is 8": func(_ *Model, _ *Data, o *FitOptions) { o.Steps = 6 },
		"list of tasks":        func(m *Model, _ *Data, _ *FitOptions) { slices.Reverse(m.Tasks) },
		"frozen paths":         func(_ *Model, _ *Data, o *FitOptions) { o.Store = model.NewStore(); Freeze(o.Store, "shared") },
	} {
		m, data, o := folderRun(t, dir)
		change(m, &data, &o)
		_, err := Fit(context.Background(), m, data, o)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("error %v; wanted one with %q and the folder", err, want)
		}
		if !maps.Equal(contents(t, dir), before) {
			t.Fatalf("%s: the refused call changed the folder", want)
		}
	}
}

// featuresFunc is an architecture that is a function.
type featuresFunc func(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node

func (f featuresFunc) Features(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node {
	return f(scope, inputs, tasks)
}

// A function that was made with another constant has the same name; the graph tells.
func TestRunFolderWithAnotherConstant(t *testing.T) {
	scaled := func(by float64) Architecture {
		return featuresFunc(func(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node {
			features := sharedDense(8).Features(scope, inputs, tasks)
			for i := range features {
				features[i] = graph.MulScalar(features[i], by)
			}
			return features
		})
	}
	dir := t.TempDir()
	m, data, o := folderRun(t, dir)
	run := func(delta, by float64) error {
		m.Tasks[0].Loss, m.Arch = Huber(delta), scaled(by)
		_, err := Fit(context.Background(), m, data, o)
		return err
	}
	if err := run(1, 2); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := run(1, 2); err != nil {
			t.Errorf("the same again: %v", err)
		}
	}
	for _, other := range [][2]float64{{2, 2}, {1, 3}} {
		if err := run(other[0], other[1]); err == nil || !strings.Contains(err.Error(), "forward pass: graph ") {
			t.Errorf("δ and factor %v: error %v", other, err)
		}
	}
}

// ofPointer is a weighting that holds another by its address.
type ofPointer struct{ *weighsOnce }

type weighsOnce struct{ W float64 }

func (w *weighsOnce) Weights(s *Step) *graph.Node { return weighs{w.W, w.W}.Weights(s) }

// What may change goes on, and says so.
func TestRunFolderGoesOn(t *testing.T) {
	dir := t.TempDir()
	m, data, o := folderRun(t, dir)
	var log bytes.Buffer
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	o.Weighting, o.Schedule, o.Patience, o.MinDelta = ofPointer{&weighsOnce{1}}, Cosine{}, 1, 1e9
	o.Steps = 12
	if h := fitTo(t, m, data, o); h.Last(history.Train).Step != 8 {
		t.Fatalf("the run ended at step %d", h.Last(history.Train).Step)
	}
	o.Weighting = ofPointer{&weighsOnce{1}} // at another address

	o.Steps = 16
	if h := fitTo(t, m, data, o); h.Last(history.Train).Step != 8 || !strings.Contains(log.String(), "is complete at step 8 (stopped early") {
		t.Errorf("with the same patience it went on to step %d: %s", h.Last(history.Train).Step, &log)
	}
	log.Reset()
	o.Patience = 0
	if h := fitTo(t, m, data, o); h.Last(history.Train).Step != 16 {
		t.Errorf("without patience it ended at step %d", h.Last(history.Train).Step)
	}
	if !strings.Contains(log.String(), "had ended at step 8 (stopped early: 1 validations without improvement) and goes on: Patience is now 0") {
		t.Errorf("the log says %s", &log)
	}
	log.Reset()
	o.Steps, o.ValidateEvery, o.RecordEvery = 24, 8, 4
	fitTo(t, m, data, o)
	if want := "goes on from step 16 of 24; it was asked for 16, and its schedule is now over 24: the learning rate goes on at 0.00025 after"; !strings.Contains(log.String(), want) {
		t.Errorf("the log says %s; wanted %q", &log, want)
	}
}

func TestForeignFolders(t *testing.T) {
	m, data, o := folderRun(t, "")
	begun := t.TempDir()
	o.RunDir = begun
	fitTo(t, m, data, o)
	file := func(name, text string) func(dir string) {
		return func(dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	copied := func(left ...string) func(dir string) {
		return func(dir string) {
			if err := os.CopyFS(dir, os.DirFS(begun)); err != nil {
				t.Fatal(err)
			}
			for _, name := range left {
				if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for want, fill := range map[string]func(dir string){
		"other files, such as notes.txt":     file("notes.txt", "mine"),
		"other files, such as history.jsonl": file("history.jsonl", "{}"),
		`its last field is no "sha256"`:      file("run.json", "{}"),
		"has checkpoints but lost":           copied(history.RunFile, history.RecordsFile, history.PointsFile),
		"has a run.json and no":              copied(history.RecordsFile),
	} {
		dir := t.TempDir()
		fill(dir)
		before := contents(t, dir)
		o.RunDir = dir
		_, err := Fit(context.Background(), m, data, o)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "choose another RunDir") {
			t.Errorf("error %v; wanted one with %q", err, want)
		}
		if !maps.Equal(contents(t, dir), before) {
			t.Errorf("%s: the refused call changed the folder", want)
		}
	}
	for _, dir := range []string{"~/runs/x", "~"} {
		o.RunDir = dir
		if _, err := Fit(context.Background(), m, data, o); err == nil || !strings.Contains(err.Error(), "home folder") {
			t.Errorf("%s: error %v", dir, err)
		}
		if err := LoadCheckpoint(model.NewStore(), dir, "last"); err == nil || !strings.Contains(err.Error(), "home folder") {
			t.Errorf("%s: error %v", dir, err)
		}
	}

	// Without its checkpoints a run starts over, and the records of old stay.
	dir := t.TempDir()
	copied(saved.Dir)(dir)
	o.RunDir = dir
	h := fitTo(t, m, data, o)
	old, err := history.Load(filepath.Join(dir, "earlier-1"))
	if err != nil {
		t.Fatal(err)
	}
	sameRecords(t, old.Records, h.Records)
	o.Seed = 9
	if _, err := Fit(context.Background(), m, data, o); err == nil || !strings.Contains(err.Error(), "holds another run") {
		t.Errorf("another seed: %v", err)
	}
}

// removes takes the run folder away in the middle of the run.
type removes struct {
	stopAfter
	dir string
}

func (r removes) Progress(step, _ int, _ float64) {
	if step >= 4 {
		_ = os.RemoveAll(r.dir)
	}
}

func TestFolderVanishes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	m, data, o := folderRun(t, dir)
	o.StepsPerCall, o.Observers = 1, []Observer{removes{dir: dir}}
	_, err := Fit(context.Background(), m, data, o)
	if err == nil || !strings.Contains(err.Error(), "removed or replaced") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder was made again")
	}
}

// Every damage of a folder's files is an error, or is not seen in any number: 0 silent.
func TestDamagedFolders(t *testing.T) {
	dir := t.TempDir()
	m, data, o := folderRun(t, dir)
	fitTo(t, m, data, o)
	o.Steps = 12
	compiled, err := Compile(m, data, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = compiled.Close() }()
	resumes := func(dir string) error {
		_, err := compiled.Fit(context.Background(), RunOptions{RunDir: dir, Until: 8})
		return err
	}
	if err := resumes(dir); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(dir, saved.Dir, saved.StepDir(8), saved.StateFile)
	whole, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		for bit := range 8 {
			bad := bytes.Clone(whole)
			bad[at] ^= 1 << bit
			if err := os.WriteFile(state, bad, 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := readState(filepath.Dir(state)); err == nil {
				t.Errorf("nothing is wrong with bit %d of byte %d of %s", bit, at, saved.StateFile)
			}
		}
	}
	if err := os.WriteFile(state, whole, 0o666); err != nil {
		t.Fatal(err)
	}

	rng := rand.New(rand.NewPCG(1, 2))
	points := filepath.Join(dir, history.PointsFile)
	for path := range contents(t, dir) {
		good, err := os.ReadFile(path)
		if err != nil || path == points || !strings.Contains(path, saved.StepDir(8)) && strings.Contains(path, saved.StepPrefix) {
			continue // not read: what follows from the records, and older checkpoints
		}
		for try := range 12 {
			bad := bytes.Clone(good)
			switch at := rng.IntN(len(bad)); try % 3 {
			case 0:
				bad[at] ^= 1 << rng.IntN(8)
			case 1:
				bad = bad[:at]
			default:
				bad = slices.Insert(bad, at, byte(rng.IntN(256)))
			}
			if err := os.WriteFile(path, bad, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := resumes(dir); err == nil {
				t.Errorf("damage %d of %s is silent", try, path)
			}
		}
		if err := os.WriteFile(path, good, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := resumes(dir); err != nil {
		t.Fatal(err)
	}

	// A checkpoint in another one's place, a file too many, and a history that ends too early.
	step4, step8 := filepath.Join(dir, saved.Dir, saved.StepDir(4)), filepath.Join(dir, saved.Dir, saved.StepDir(8))
	moved := filepath.Join(dir, saved.Dir, saved.StepDir(10))
	for want, damage := range map[string]func() (undo func() error, err error){
		"it is of step 4": func() (func() error, error) {
			return func() error { return os.Rename(moved, step4) }, os.Rename(step4, moved)
		},
		"does not belong to it": func() (func() error, error) {
			more := filepath.Join(step8, "more")
			return func() error { return os.Remove(more) }, os.WriteFile(more, nil, 0o666)
		},
		"lost records": func() (func() error, error) {
			path := filepath.Join(dir, history.RecordsFile)
			text, err := os.ReadFile(path)
			cut := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
			return func() error { return os.WriteFile(path, text, 0o666) }, errors.Join(err, os.WriteFile(path, text[:cut], 0o666))
		},
	} {
		undo, err := damage()
		if err != nil {
			t.Fatal(err)
		}
		if err := resumes(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; wanted one with %q", err, want)
		}
		if err := undo(); err != nil {
			t.Fatal(err)
		}
	}
}

// Only one run at a time writes in a folder, in one process too.
func TestRunFolderInUse(t *testing.T) {
	dir := t.TempDir()
	m, data, o := folderRun(t, dir)
	free, err := lock.Take(filepath.Join(dir, lockFile))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Fit(context.Background(), m, data, o)
	if want := fmt.Sprintf("is in use by process %d", os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v; wanted %q", err, want)
	}
	free()
	fitTo(t, m, data, o)
}

func TestLoadCheckpointOfAnotherModel(t *testing.T) {
	b := backendtest.Go(t)
	dir := t.TempDir()
	m, data, o := folderRun(t, dir)
	fitTo(t, m, data, o)
	ctx := context.Background()

	// A store of another model, loaded.
	other, _, _ := folderRun(t, "")
	other.Tasks = append(other.Tasks, Regression("third", 1))
	store := model.NewStore()
	if _, err := Predict(ctx, b, store, other, data.Validation.Inputs...); err != nil { // makes the variables
		t.Fatal(err)
	}
	if err := LoadCheckpoint(store, dir, "last"); err == nil || !strings.Contains(err.Error(), "lacks variables of the model: /task/third/") {
		t.Errorf("error %v", err)
	}

	// A new store, loaded, then used by another model.
	store = model.NewStore()
	if err := LoadCheckpoint(store, dir, "last"); err != nil {
		t.Fatal(err)
	}
	if _, err := Evaluate(ctx, b, store, m, data.Validation); err != nil {
		t.Error(err)
	}
	if _, err := Predict(ctx, b, store, m, data.Validation.Inputs...); err != nil {
		t.Error(err)
	}
	deeper, _, _ := folderRun(t, "")
	deeper.Arch = twice(m.Arch.(sharedDense))
	for what, use := range map[string]func() error{
		"Evaluate": func() error { _, err := Evaluate(ctx, b, store, deeper, data.Validation); return err },
		"Predict":  func() error { _, err := Predict(ctx, b, store, deeper, data.Validation.Inputs...); return err },
	} {
		if err := use(); err == nil || !strings.Contains(err.Error(), "the store lacks variables of the model: /shared/second/") {
			t.Errorf("%s of a deeper network: %v", what, err)
		}
	}
}

// twice is sharedDense with a second layer.
type twice int

func (width twice) Features(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node {
	features := sharedDense(width).Features(scope, inputs, tasks)
	second := DenseHead{Outputs: int(width)}.Predict(scope.At(SharedScope).At("second"), features[0])
	for i := range features {
		features[i] = second
	}
	return features
}
