package mtl

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/internal/saved"
)

// stopAfter cancels a context once a run has done that many steps.
type stopAfter struct {
	steps  int
	cancel context.CancelFunc
}

func (s stopAfter) Begin(history.Run)     {}
func (s stopAfter) Record(history.Record) {}
func (s stopAfter) End(error)             {}
func (s stopAfter) Progress(step, _ int, _ float64) {
	if step >= s.steps {
		s.cancel()
	}
}

var quiet = slog.New(slog.DiscardHandler)

// droppedDense adds dropout to sharedDense, so that the random state matters.
type droppedDense int

func (width droppedDense) Features(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node {
	features := sharedDense(width).Features(scope, inputs, tasks)
	dropped := layers.DropoutStatic(scope.At(SharedScope), features[0], 0.2)
	for i := range features {
		features[i] = dropped
	}
	return features
}

// values returns every variable of a store as float64 bits by path.
func values(t *testing.T, store *model.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for v := range store.IterVariables() {
		if err := v.MustValue().ConstBytes(func(data []byte) { all[v.Path()] = string(data) }); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func sameValues(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d variables, want %d", len(got), len(want))
	}
	for path := range want {
		if got[path] != want[path] {
			t.Errorf("variable %s differs", path)
		}
	}
}

func sameRecords(t *testing.T, got, want []history.Record) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range want {
		a, b := got[i], want[i]
		if a.Step != b.Step || a.Split != b.Split {
			t.Fatalf("record %d is of step %d (%s), want %d (%s)", i, a.Step, a.Split, b.Step, b.Split)
		}
		for task := range b.Loss {
			if a.Loss[task] != b.Loss[task] || a.Weight[task] != b.Weight[task] {
				t.Fatalf("record %d, task %s: loss %v, weight %v; want %v, %v", i, task, a.Loss[task], a.Weight[task], b.Loss[task], b.Weight[task])
			}
		}
	}
}

func TestFitLearnsAndResumesBitwise(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, train := tinyProblem(256)
		m.Arch = droppedDense(16)
		_, validation := tinyProblem(64)
		options := FitOptions{
			Backend: b, Steps: 60, BatchSize: 16, LearningRate: 1e-2, Schedule: Cosine{WarmUp: 5},
			ValidateEvery: 20, SaveEvery: 20, RecordEvery: 3, ClipNorm: 5, Log: quiet,
		}
		whole := options
		whole.Store = model.NewStore()
		h, err := Fit(context.Background(), m, Data{Train: train, Validation: validation}, whole)
		if err != nil {
			t.Fatal(err)
		}
		losses := h.Loss(history.Train, "sum").Values
		if first, last := losses[0], losses[len(losses)-1]; !(last < first) {
			t.Errorf("the loss went from %v to %v", first, last)
		}
		if got := h.Last(history.Validation); got.Step != 60 || len(got.Metric["class"]) != 2 {
			t.Errorf("the last validation is %+v", got)
		}

		// The same run in pieces, each in a store of its own, as after a restart.
		dir := filepath.Join(t.TempDir(), `odd [name\`)
		for _, stop := range []int{7, 20, 33, 50} {
			piece := options
			piece.Store, piece.RunDir = model.NewStore(), dir
			piece.StepsPerCall = 1 // so that it stops at that very step
			if b.Name() == "xla" {
				piece.StepsPerCall = 4
			}
			ctx, cancel := context.WithCancel(context.Background())
			piece.Observers = []Observer{stopAfter{stop, cancel}}
			_, err := Fit(ctx, m, Data{Train: train, Validation: validation}, piece)
			if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), dir) {
				t.Fatalf("stopped at %d: error %v", stop, err)
			}
		}
		last := options
		last.Store, last.RunDir = model.NewStore(), dir
		pieces, err := Fit(context.Background(), m, Data{Train: train, Validation: validation}, last)
		if err != nil {
			t.Fatal(err)
		}
		sameValues(t, values(t, last.Store), values(t, whole.Store))
		sameRecords(t, pieces.Records, h.Records)
		loaded, err := history.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		sameRecords(t, loaded.Records, h.Records)

		// A complete run is loaded, not trained.
		again := options
		again.Store, again.RunDir = model.NewStore(), dir
		if _, err := Fit(context.Background(), m, Data{Train: train, Validation: validation}, again); err != nil {
			t.Fatal(err)
		}
		sameValues(t, values(t, again.Store), values(t, whole.Store))
		evaluation, err := Evaluate(context.Background(), b, again.Store, m, validation)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := evaluation.Loss["sum"], h.Last(history.Validation).Loss["sum"]; math.Abs(got-want) > 1e-6*math.Abs(want) {
			t.Errorf("evaluated loss %v, the last validation had %v", got, want)
		}
	})
}

func TestFitStreamsTheSameNumbers(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, train := tinyProblem(128)
		options := FitOptions{Backend: b, Steps: 16, BatchSize: 16, StepsPerCall: 1, Log: quiet}
		fitted := func(data Data, change func(o *FitOptions)) *model.Store {
			o := options
			o.Store = model.NewStore()
			change(&o)
			if _, err := Fit(context.Background(), m, data, o); err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			return o.Store
		}
		resident := fitted(Data{Train: train}, func(*FitOptions) {})
		stream := Data{Stream: train.Batches("points", m.Tasks, 16, 1)}
		dataset := fitted(stream, func(*FitOptions) {})
		for form, store := range map[string]*model.Store{
			"rows of the host": fitted(Data{Train: train}, func(o *FitOptions) { o.DeviceBytes = 1 }),
			"data set":         dataset,
		} {
			for v := range resident.IterVariables() {
				if v.DType() != dtypes.Float32 {
					continue // counters and the random state
				}
				want := tensors.MustCopyFlatData[float32](v.MustValue())
				for k, got := range tensors.MustCopyFlatData[float32](store.GetVariable(v.Path()).MustValue()) {
					if math.Abs(float64(got-want[k])) > 1e-5 {
						t.Fatalf("%s: %s[%d] is %v, on the device %v", form, v.Path(), k, got, want[k])
					}
				}
			}
		}
		// A stream that is interrupted goes on with the batch after the last one.
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		o := options
		o.RunDir, o.Store, o.Observers = dir, model.NewStore(), []Observer{stopAfter{5, cancel}}
		if _, err := Fit(ctx, m, stream, o); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		sameValues(t, values(t, fitted(stream, func(o *FitOptions) { o.RunDir = dir })), values(t, dataset))
	})
}

func TestBadInput(t *testing.T) {
	b := backendtest.Go(t)
	readOnly := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(readOnly, nil, 0o400); err != nil {
		t.Fatal(err)
	}
	float := func(n int, v float32) *tensors.Tensor {
		flat := make([]float32, n)
		for i := range flat {
			flat[i] = v
		}
		return tensors.FromFlatDataAndDimensions(flat, n)
	}
	for name, test := range map[string]struct {
		change func(m *Model, s *Split, o *FitOptions)
		want   []string
	}{
		"label out of range": {func(m *Model, s *Split, o *FitOptions) {
			s.Labels["class"] = tensors.FromFlatDataAndDimensions(append(make([]int32, 31), 10), 32)
		}, []string{`task "class"`, "example 31", "label 10", "0 to 9"}},
		"NaN in inputs": {func(m *Model, s *Split, o *FitOptions) {
			s.Inputs[0] = tensors.FromFlatDataAndDimensions(append(make([]float32, 32*64-1), float32(math.NaN())), 32, 64)
		}, []string{"input 0", "train", "example 31", "NaN"}},
		"NaN in labels":     {func(m *Model, s *Split, o *FitOptions) { s.Labels["sum"] = float(32, float32(math.NaN())) }, []string{`task "sum"`, "NaN", "Masks"}},
		"unknown task":      {func(m *Model, s *Split, o *FitOptions) { s.Labels["clas"] = s.Labels["class"] }, []string{`"clas"`, `"class"`}},
		"missing labels":    {func(m *Model, s *Split, o *FitOptions) { delete(s.Labels, "sum") }, []string{`no labels for task "sum"`}},
		"empty split":       {func(m *Model, s *Split, o *FitOptions) { s.Inputs = nil }, []string{"train split is empty"}},
		"lengths":           {func(m *Model, s *Split, o *FitOptions) { s.Labels["sum"] = float(31, 0) }, []string{`task "sum"`, "32 examples"}},
		"no loss":           {func(m *Model, s *Split, o *FitOptions) { m.Tasks[0].Loss = nil }, []string{`task "sum"`, "no loss"}},
		"no head":           {func(m *Model, s *Split, o *FitOptions) { m.Tasks[0].Head = nil }, []string{`task "sum"`, "no head"}},
		"same name":         {func(m *Model, s *Split, o *FitOptions) { m.Tasks[0].Name = "class" }, []string{"two tasks", `"class"`}},
		"no steps":          {func(m *Model, s *Split, o *FitOptions) { o.Steps = 0 }, []string{"steps", "epochs"}},
		"unknown monitor":   {func(m *Model, s *Split, o *FitOptions) { o.Monitor.Task = "klass" }, []string{`"klass"`, `"class"`}},
		"monitor's metric":  {func(m *Model, s *Split, o *FitOptions) { o.Monitor = Monitor{"class", "f2"} }, []string{`"f2"`, "accuracy"}},
		"folder is a file":  {func(m *Model, s *Split, o *FitOptions) { o.RunDir = readOnly }, []string{readOnly}},
		"shapes do not fit": {func(m *Model, s *Split, o *FitOptions) { m.Tasks[0] = Regression("sum", 3) }, []string{"labels are shaped", "same shape"}},
		"int labels":        {func(m *Model, s *Split, o *FitOptions) { s.Labels["class"] = float(32, 1) }, []string{`task "class"`, "int32"}},
	} {
		t.Run(name, func(t *testing.T) {
			m, s := tinyProblem(32)
			o := FitOptions{Backend: b, Steps: 2, Log: quiet}
			test.change(m, s, &o)
			_, err := Fit(context.Background(), m, Data{Train: s}, o)
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q lacks %q", err, part)
				}
			}
		})
	}
}

func TestDivergenceNamesTaskAndCheckpoint(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, train := tinyProblem(64)
		dir := t.TempDir()
		_, err := Fit(context.Background(), m, Data{Train: train}, FitOptions{
			Backend: b, Steps: 400, BatchSize: 16, SaveEvery: 1, RunDir: dir, Log: quiet,
			Optimizer: optimizer.StochasticGradientDescent().WithDecay(false), LearningRate: 1e5,
		})
		if err == nil || !strings.Contains(err.Error(), `task "`) || !strings.Contains(err.Error(), "last good checkpoint is of step") {
			t.Fatalf("error %v", err)
		}
		if err := LoadCheckpoint(model.NewStore(), dir, "last"); err != nil {
			t.Error(err)
		}
	})
}

func TestCorruptCheckpoint(t *testing.T) {
	b := backendtest.Go(t)
	m, train := tinyProblem(64)
	dir := t.TempDir()
	options := FitOptions{Backend: b, Steps: 8, BatchSize: 16, SaveEvery: 4, RunDir: dir, Log: quiet}
	if _, err := Fit(context.Background(), m, Data{Train: train}, options); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, saved.Dir, "step-*8", "*.bin"))
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(files[0], data, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = Fit(context.Background(), m, Data{Train: train}, options)
	if err == nil || !strings.Contains(err.Error(), "corrupt") || !strings.Contains(err.Error(), "step 4 is older") {
		t.Fatalf("error %v", err)
	}
	// What the message says to do works.
	if err := os.RemoveAll(filepath.Dir(files[0])); err != nil {
		t.Fatal(err)
	}
	if h, err := Fit(context.Background(), m, Data{Train: train}, options); err != nil || h.Last(history.Train).Step != 8 {
		t.Fatal(err)
	}
}

// A task without a label in any batch of a stream neither learns, nor is recorded, nor disturbs the others. (In memory that is an error.)
func TestTaskWithoutLabels(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, train := tinyProblem(64)
		train.Masks = map[string]*tensors.Tensor{"sum": tensors.FromScalarAndDimensions(false, 64)}
		train.Labels["sum"] = tensors.FromScalarAndDimensions(float32(math.NaN()), 64)
		store := model.NewStore()
		h, err := Fit(context.Background(), m, Data{Stream: train.Batches("hidden", m.Tasks, 16, 1), Validation: train}, FitOptions{Backend: b, Store: store, Steps: 12, Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		last := h.Last(history.Train)
		if _, recorded := last.Loss["sum"]; recorded || last.Weight["class"] != 1 || !(last.Loss["class"] > 0) {
			t.Errorf("the last record is %+v", last)
		}
		if loss := h.Last(history.Validation).Loss["sum"]; !math.IsNaN(loss) {
			t.Errorf("the validation loss of a task without labels is %v, want NaN", loss)
		}
		alone, err := m.Only("class")
		if err != nil {
			t.Fatal(err)
		}
		other := model.NewStore()
		if _, err := Fit(context.Background(), alone, Data{Train: train.Only("class")}, FitOptions{Backend: b, Store: other, Steps: 12, BatchSize: 16, Log: quiet}); err != nil {
			t.Fatal(err)
		}
		// The head saw no gradient: its biases are the zeros they began as.
		for _, bias := range tensors.MustCopyFlatData[float32](store.GetVariable("/task/sum/head/output/dense/biases").MustValue()) {
			if bias != 0 {
				t.Errorf("a bias of the head without labels moved to %v", bias)
			}
		}
	})
}

func TestEarlyStop(t *testing.T) {
	b := backendtest.Go(t)
	m, train := tinyProblem(64)
	dir := t.TempDir()
	// Without learning nothing improves after the first validation.
	options := FitOptions{Backend: b, Steps: 100, BatchSize: 16, ValidateEvery: 4, Patience: 3, LearningRate: 1e-30, RecordEvery: 7, RunDir: dir, Log: quiet,
		Monitor: Monitor{Task: "class", Metric: "accuracy"}}
	for range 2 { // the second time it is loaded
		h, err := Fit(context.Background(), m, Data{Train: train, Validation: train}, options)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Last(history.Train).Step; got != 16 {
			t.Errorf("stopped at step %d, want 16: the first validation and three that did not improve on it", got)
		}
		if len(h.Metric(history.Validation, "class", "accuracy").Values) != 4 {
			t.Error("want 4 validations")
		}
	}
}
