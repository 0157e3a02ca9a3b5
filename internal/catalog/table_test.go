package catalog_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/internal/catalog"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// TestMain has XLA compile in half the time: here nothing runs for long.
func TestMain(m *testing.M) {
	if os.Getenv("XLA_FLAGS") == "" {
		_ = os.Setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")
	}
	m.Run()
}

// Every architecture trains with every weighting: 20 steps on three tasks of different kinds, one of which has no label in most batches and another for half of the examples,
// with finite losses and variables all the way. XLA takes seconds to compile each, so there it is every architecture with one or two weightings (every weighting is tested
// there in mtl/weighting), unless GOMTL_EVERY_COMBINATION=1 asks for all.
func TestEveryCombination(t *testing.T) {
	all := os.Getenv("GOMTL_EVERY_COMBINATION") == "1"
	const some = 31 // one in so many, fewer than there are weightings
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		number := 0
		for _, sample := range catalog.Architectures() {
			for _, w := range catalog.Weightings() {
				if number++; b.Name() == "xla" && !all && number%some != 0 {
					continue
				}
				t.Run(fmt.Sprintf("%s/%T", sample.Name, w), func(t *testing.T) {
					if b.Name() == "xla" {
						t.Parallel() // each is mostly a compilation
					}
					trains(t, b, sample, w)
				})
			}
		}
	})
}

func trains(t *testing.T, b compute.Backend, sample catalog.Sample, w mtl.Weighting) {
	m, split := problem(sample)
	store := model.NewStore()
	h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: split}, mtl.FitOptions{
		Backend: b, Store: store, Steps: 20, BatchSize: 6, Weighting: w, StepsPerCall: 1, RecordEvery: 1, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range h.Records {
		for name, loss := range r.Loss {
			if math.IsNaN(loss) || math.IsInf(loss, 0) {
				t.Fatalf("the loss of %s is %v at step %d", name, loss, r.Step)
			}
		}
	}
	if len(h.Loss(history.Train, "buy").Values) == 20 {
		t.Error("every batch has a label of each task; wanted some without")
	}
	for v := range store.IterVariables() {
		var broken bool
		v.MustValue().MustConstFlatData(func(flat any) {
			switch flat := flat.(type) {
			case []float32:
				broken = slices.ContainsFunc(flat, func(x float32) bool { return math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) })
			case []float64:
				broken = slices.ContainsFunc(flat, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
			}
		})
		if broken {
			t.Fatalf("variable %s is %v", v.Path(), v.MustValue())
		}
	}
}

// problem is a model of the sample with data that lack labels.
func problem(sample catalog.Sample) (*mtl.Model, *mtl.Split) {
	m := &mtl.Model{Arch: sample.Arch, Tasks: sample.Tasks}
	const examples, features = 36, 5
	wave := func(n int, phase float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(math.Sin(phase + 1.7*float64(i)))
		}
		return x
	}
	split := &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(wave(examples*features, 0), examples, features)},
		Labels: map[string]*tensors.Tensor{}, Masks: map[string]*tensors.Tensor{},
	}
	for i, name := range m.TaskNames() {
		labels, known := wave(examples, float64(i)), make([]bool, examples)
		for k := range known {
			known[k] = i == 0 || i == 1 && k%12 == 0 || i == 2 && k%2 == 0
			if sample.Tasks[i].Kind == mtl.KindBinary {
				labels[k] = float32(math.Round(float64(labels[k]+1) / 2))
			}
		}
		split.Labels[name] = tensors.FromFlatDataAndDimensions(labels, examples)
		split.Masks[name] = tensors.FromFlatDataAndDimensions(known, examples)
	}
	return m, split
}

// What a run folder knows of the forward pass is there for every architecture, and is the same each time.
func TestEveryForwardPassIsKnown(t *testing.T) {
	backend := backendtest.Go(t)
	for _, sample := range catalog.Architectures() {
		m, split := problem(sample)
		said := func() string {
			return mtl.Description(m, mtl.Data{Train: split}, mtl.FitOptions{Backend: backend, BatchSize: 6})["forward pass"]
		}
		first := said()
		if len(first) != len("graph 0123456789abcdef") {
			t.Errorf("%s: its forward pass is %q", sample.Name, first)
		}
		if again := said(); again != first {
			t.Errorf("%s: %s, then %s", sample.Name, first, again)
		}
	}
}
