package datasets_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// ownData is n examples of one task: inputs first, first+1, ... and labels ten times those.
func ownData(task string, first, n int) *mtl.Split {
	x, y := make([]float32, n), make([]float32, n)
	for i := range x {
		x[i], y[i] = float32(first+i), float32(10*(first+i))
	}
	return &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, n, 1)},
		Labels: map[string]*tensors.Tensor{task: tensors.FromFlatDataAndDimensions(y, n)},
	}
}

func mixer(order datasets.Order) *datasets.Mixer {
	return &datasets.Mixer{
		Sources: []datasets.Source{{Split: ownData("a", 0, 100)}, {Split: ownData("b", 1000, 10)}},
		Tasks:   []mtl.Task{mtl.Regression("a", 1), mtl.Regression("b", 1)},
		Order:   order, Batch: 4, Seed: 3,
	}
}

func flat[T float32 | bool](t *tensors.Tensor) []T { return tensors.MustCopyFlatData[T](t) }

// some returns the first batches.
func some(t *testing.T, m *datasets.Mixer, count int) (batches []train.Batch) {
	t.Helper()
	for batch, err := range m.Iter() {
		if err != nil {
			t.Fatal(err)
		}
		if batches = append(batches, batch); len(batches) == count {
			break
		}
	}
	return batches
}

// Every example has the label of its own task, known, and those of no other.
func TestMixerMasksOtherTasks(t *testing.T) {
	for _, order := range []datasets.Order{nil, datasets.Together{}, datasets.Alternating{}, datasets.InTurn{}} {
		var shape []int
		for _, batch := range some(t, mixer(order), 20) {
			if len(batch.Inputs) != 1 || len(batch.Labels) != 4 {
				t.Fatalf("%T: %d inputs and %d labels; wanted 1 and 4", order, len(batch.Inputs), len(batch.Labels))
			}
			if dims := batch.Inputs[0].Shape().Dimensions; shape != nil && dims[0] != shape[0] {
				t.Fatalf("%T: batches of %v and %v", order, shape, dims)
			}
			shape = batch.Inputs[0].Shape().Dimensions
			labels := [2][]float32{flat[float32](batch.Labels[0]), flat[float32](batch.Labels[2])}
			masks := [2][]bool{flat[bool](batch.Labels[1]), flat[bool](batch.Labels[3])}
			for i, x := range flat[float32](batch.Inputs[0]) {
				own := 0
				if x >= 1000 {
					own = 1
				}
				if !masks[own][i] || masks[1-own][i] || labels[own][i] != 10*x || labels[1-own][i] != 0 {
					t.Fatalf("%T: example %v has labels %v, %v and masks %v, %v", order, x, labels[0][i], labels[1][i], masks[0][i], masks[1][i])
				}
			}
		}
	}
}

// Together, 25 steps see the 100 examples of the larger source once and the 10 of the smaller ten times.
func TestMixerCycles(t *testing.T) {
	m := mixer(nil)
	if long, short := m.LongestEpoch(), m.ShortestEpoch(); long != 25 || short != 3 {
		t.Errorf("epochs of %d and %d steps; wanted 25 and 3", long, short)
	}
	seen := map[float32]int{}
	for _, batch := range some(t, m, 25) {
		for _, x := range flat[float32](batch.Inputs[0]) {
			seen[x]++
		}
	}
	for x, times := range seen {
		if want := map[bool]int{false: 1, true: 10}[x >= 1000]; times != want {
			t.Errorf("example %v was seen %d times; wanted %d", x, times, want)
		}
	}
	if len(seen) != 110 {
		t.Errorf("%d examples were seen; wanted 110", len(seen))
	}
}

// The share of the larger source is n^(1/τ) / Σ n^(1/τ), within five standard deviations.
func TestMixerTemperature(t *testing.T) {
	const steps = 2000
	for temperature, want := range map[float64]float64{0: 100.0 / 110, 1: 100.0 / 110, 2: 10 / (10 + math.Sqrt(10)), 1e9: 0.5} {
		first := 0
		for _, batch := range some(t, mixer(datasets.Alternating{Temperature: temperature}), steps) {
			if flat[bool](batch.Labels[1])[0] {
				first++
			}
		}
		if off := math.Abs(float64(first)/steps - want); off > 5*math.Sqrt(want*(1-want)/steps) {
			t.Errorf("temperature %v: a share of %v; wanted %v", temperature, float64(first)/steps, want)
		}
	}
}

func TestMixerIsAFunctionOfSeed(t *testing.T) {
	inputs := func(seed uint64) (all []float32) {
		m := mixer(datasets.Alternating{})
		m.Seed = seed
		for _, batch := range some(t, m, 30) {
			all = append(all, flat[float32](batch.Inputs[0])...)
		}
		return all
	}
	if !reflect.DeepEqual(inputs(1), inputs(1)) || reflect.DeepEqual(inputs(1), inputs(2)) {
		t.Error("batches are not a function of the seed")
	}
}

func TestMixerErrors(t *testing.T) {
	cases := map[string]func(m *datasets.Mixer){
		"0 sources":         func(m *datasets.Mixer) { m.Sources = nil },
		"no source":         func(m *datasets.Mixer) { m.Tasks = append(m.Tasks, mtl.Regression("c", 1)) },
		"Alternating takes": func(m *datasets.Mixer) { m.Order, m.Sources[0].Batch = datasets.Alternating{}, 8 },
		"Temperature is -1": func(m *datasets.Mixer) { m.Order = datasets.Alternating{Temperature: -1} },
		"inputs of source 1": func(m *datasets.Mixer) {
			m.Sources[1].Split.Inputs[0] = tensors.FromFlatDataAndDimensions(make([]float32, 20), 10, 2)
		},
		"InTurn takes one":  func(m *datasets.Mixer) { m.Order, m.Sources[1].Batch = datasets.InTurn{}, 8 },
		"and a batch of -1": func(m *datasets.Mixer) { m.Sources[1].Batch = -1 },
	}
	for want, spoil := range cases {
		m := mixer(nil)
		spoil(m)
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v; wanted %q", err, want)
		}
	}
}

// A run on a mixer that was interrupted and resumed ends like one that was not: batches are skipped, not repeated.
func TestMixerTrainsAndResumes(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		fit := func(dir string, until int, store *model.Store) []float32 {
			m := mixer(datasets.Alternating{Temperature: 2})
			c, err := mtl.Compile(&mtl.Model{Arch: arch.HardSharing{Trunk: arch.Dense{Widths: []int{4}}}, Tasks: m.Tasks}, mtl.Data{Stream: m}, mtl.FitOptions{
				Backend: b, Steps: 12, LearningRate: 1e-3, SaveEvery: 6, Log: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Fit(context.Background(), mtl.RunOptions{Store: store, RunDir: dir, Until: until}); err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			var values []float32
			for v := range store.IterVariables() {
				if v.DType().IsFloat() {
					values = append(values, flat[float32](v.MustValue())...)
				}
			}
			return values
		}
		want := fit(t.TempDir(), 0, model.NewStore())
		dir := t.TempDir()
		fit(dir, 6, model.NewStore())
		if got := fit(dir, 0, model.NewStore()); !reflect.DeepEqual(got, want) {
			t.Error("the resumed run differs")
		}
	})
}

// Two tasks with data sets of their own: a batch of 3 and 2 examples, and which labels count.
func ExampleMixer() {
	m := &datasets.Mixer{
		Sources: []datasets.Source{{Split: ownData("a", 0, 100), Batch: 3}, {Split: ownData("b", 1000, 10), Batch: 2}},
		Tasks:   []mtl.Task{mtl.Regression("a", 1), mtl.Regression("b", 1)},
	}
	for batch, err := range m.Iter() {
		fmt.Println(batch.Inputs[0].Shape(), flat[bool](batch.Labels[1]), flat[bool](batch.Labels[3]), err)
		break
	}
	// Output: (Float32)[5, 1] [true true true false false] [false false false true true] <nil>
}
