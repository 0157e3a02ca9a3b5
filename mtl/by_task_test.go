package mtl_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// uncertain trains a store with learnt variances, and returns each task's weight in the first and
// the last step.
func uncertain(b compute.Backend, store *model.Store, runDir string, names ...string) (first, last map[string]float64, err error) {
	m, s := regressions(names...)
	for name, size := range map[string]float32{"b": 2, "c": 4} { // so that their variances differ
		if s.Labels[name] == nil {
			continue
		}
		y, err := tensors.CopyFlatData[float32](s.Labels[name])
		if err != nil {
			return nil, nil, err
		}
		for i := range y {
			y[i] *= size
		}
		s.Labels[name] = tensors.FromValue(y)
	}
	h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s}, mtl.FitOptions{
		Backend: b, Store: store, Steps: 20, LearningRate: 0.05, Weighting: weighting.Uncertainty{}, StepsPerCall: 1, RecordEvery: 1, RunDir: runDir, Log: quiet,
	})
	if err != nil {
		return nil, nil, err
	}
	return h.Records[0].Weight, h.Last(history.Train).Weight, nil
}

// Whatever order a store's tasks go on in, it ends as one whose tasks kept theirs: the weighting's
// state, and what the optimiser keeps of it.
func TestStateFollowsTasks(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		end := func(orders ...[]string) map[string]float64 {
			store := model.NewStore()
			var last map[string]float64
			for _, names := range orders {
				var err error
				if _, last, err = uncertain(b, store, "", names...); err != nil {
					t.Fatal(err)
				}
			}
			return last
		}
		want := end([]string{"a", "b", "c"}, []string{"a", "b", "c"}, []string{"a", "b", "c"})
		got := end([]string{"a", "b", "c"}, []string{"c", "a", "b"}, []string{"b", "a", "c"})
		if math.Abs(want["a"]-want["b"]) < 1e-2 || math.Abs(want["b"]-want["c"]) < 1e-2 {
			t.Fatalf("the weights are %v; wanted ones that differ", want)
		}
		for name, w := range want {
			if !(math.Abs(got[name]-w) <= 1e-4*w) {
				t.Errorf("the weights end at %v with the tasks in other orders, at %v in one", got, want)
				break
			}
		}
	})
}

// The names are in the checkpoint: a new store that loads it goes on in any order.
func TestCheckpointKeepsOrder(t *testing.T) {
	b, dir := backendtest.Go(t), filepath.Join(t.TempDir(), "run")
	_, want, err := uncertain(b, model.NewStore(), dir, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	if err := mtl.LoadCheckpoint(store, dir, "last"); err != nil {
		t.Fatal(err)
	}
	got, _, err := uncertain(b, store, "", "b", "a")
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range want {
		// A step lies between the two.
		if !(math.Abs(got[name]-w) < 0.2*math.Abs(want["a"]-want["b"])) {
			t.Errorf("the weights go on at %v, having ended at %v", got, want)
		}
	}
}

// Other tasks than those of the state are an error that says what to do, which helps.
func TestOtherTasks(t *testing.T) {
	b, store := backendtest.Go(t), model.NewStore()
	if _, _, err := uncertain(b, store, "", "a", "b"); err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{{"a", "b", "c"}, {"a"}, {"a", "c"}} {
		_, _, err := uncertain(b, store, "", names...)
		for _, word := range []string{"/mtl/uncertainty/log_variance", `["a" "b"]`, fmt.Sprintf("%q", names), "mtl.Optimizer(...).Clear", "another store"} {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("tasks %q after a and b: the error is %v; wanted one with %s", names, err, word)
			}
		}
	}
	if err := mtl.Optimizer(weighting.Uncertainty{}, optimizer.Adam().Done()).Clear(store.RootScope()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := uncertain(b, store, "", "a", "b", "c"); err != nil {
		t.Errorf("after Clear: %v", err)
	}
}

// A hyper-parameter by task keeps what it was set to between steps for its task; one that the
// method's field gives by position is that of the new order.
func TestHyperparametersFollowTasks(t *testing.T) {
	b := backendtest.Go(t)
	fit := func(store *model.Store, w mtl.Weighting, names ...string) *history.History {
		m, s := regressions(names...)
		h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s}, mtl.FitOptions{Backend: b, Store: store, Steps: 1, Weighting: w, Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	store := model.NewStore()
	fit(store, weighting.Fixed{}, "a", "b")
	if err := mtl.SetHyperparameter(store, "fixed/weights", 2, 5); err != nil {
		t.Fatal(err)
	}
	if got := fit(store, weighting.Fixed{}, "b", "a").Records[0].Weight; got["a"] != 2 || got["b"] != 5 {
		t.Errorf("the weights set to 2 and 5 are %v in the other order", got)
	}
	if got := fit(store, weighting.Fixed{"a": 7}, "a", "b").Records[0].Weight; got["a"] != 7 || got["b"] != 1 {
		t.Errorf("the weights given as 7 and 1 are %v", got)
	}
	store = model.NewStore()
	for _, names := range [][]string{{"a", "b"}, {"b", "a"}} {
		fit(store, weighting.FAMO{MinLosses: []float64{1, 2}}, names...)
		got, err := tensors.CopyFlatData[float32](store.GetVariable("/mtl/famo/min_losses").MustValue())
		if err != nil || !slices.Equal(got, []float32{1, 2}) {
			t.Errorf("the bounds of %q, given as 1 and 2, are %v, %v", names, got, err)
		}
	}
}

// A run of a compiled model on a store of another order has that store's state, and
// hyper-parameters in the order of the model.
func TestCompiledFollowsTasks(t *testing.T) {
	b, store := backendtest.Go(t), model.NewStore()
	fixed := mtl.FitOptions{Backend: b, Steps: 1, LearningRate: 1e-9, Weighting: weighting.Smoothed{Method: weighting.Fixed{"a": 3}, Factor: 0.999999}, Log: quiet}
	m, s := regressions("a", "b")
	fixed.Store = store
	if _, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s}, fixed); err != nil {
		t.Fatal(err)
	}
	turned, _ := regressions("b", "a")
	fixed.Store = model.NewStore()
	c, err := mtl.Compile(turned, mtl.Data{Train: s}, fixed)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, c)
	h, err := c.Fit(context.Background(), mtl.RunOptions{Store: store, Hyperparameters: map[string][]float64{"fixed/weights": {1, 50}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.Records[0].Weight; !(math.Abs(got["a"]-3) < 1e-2 && math.Abs(got["b"]-1) < 1e-2) {
		t.Errorf("the weights, smoothed over a store of the other order, are %v; wanted 3 and 1", got)
	}
	set, err := tensors.CopyFlatData[float32](store.GetVariable("/mtl/fixed/weights").MustValue())
	if err != nil || !slices.Equal(set, []float32{1, 50}) {
		t.Errorf("the weights of b and a, set to 1 and 50, are %v, %v", set, err)
	}
	other, o := regressions("b", "c")
	if _, err := mtl.Fit(context.Background(), other, mtl.Data{Train: o}, mtl.FitOptions{Backend: b, Store: store, Steps: 1, Weighting: weighting.Fixed{}, Log: quiet}); err == nil {
		t.Error("other tasks on the store: no error")
	}
}
