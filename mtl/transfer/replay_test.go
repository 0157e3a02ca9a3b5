package transfer_test

import (
	"context"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/transfer"
	"github.com/gomtl/gomtl/mtl/weighting"
)

func column[T any](values ...T) []T { return values }

func TestJoin(t *testing.T) {
	x := func(v ...float32) []*tensors.Tensor { return column(tensors.FromFlatDataAndDimensions(v, len(v), 1)) }
	a := &mtl.Split{Inputs: x(1, 2), Labels: map[string]*tensors.Tensor{"p": tensors.FromValue([]int32{3, 4}), "q": tensors.FromValue([][]float32{{5, 6}, {7, 8}})},
		Masks: map[string]*tensors.Tensor{"q": tensors.FromValue([][]bool{{true, false}, {false, true}})}}
	b := &mtl.Split{Inputs: x(9), Labels: map[string]*tensors.Tensor{"q": tensors.FromValue([][]float32{{10, 11}})}}
	joined, err := transfer.Join(a, b)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]any{
		"input":       {joined.Inputs[0].Value(), [][]float32{{1}, {2}, {9}}},
		"labels of p": {joined.Labels["p"].Value(), []int32{3, 4, 0}},
		"labels of q": {joined.Labels["q"].Value(), [][]float32{{5, 6}, {7, 8}, {10, 11}}},
		"mask of p":   {joined.Masks["p"].Value(), []bool{true, true, false}},
		"mask of q":   {joined.Masks["q"].Value(), [][]bool{{true, false}, {false, true}, {true, true}}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %v; wanted %v", name, pair[0], pair[1])
		}
	}
	if whole, err := transfer.Join(b, b); err != nil || len(whole.Masks) != 0 || whole.Len() != 2 {
		t.Errorf("%v, %v", whole, err)
	}
	_, err = transfer.Join(a, &mtl.Split{Inputs: column(tensors.FromValue([][]float32{{1, 2}}))})
	wantError(t, err, "input 0", "(Float32)[0, 1]", "(Float32)[0, 2]")
	_, err = transfer.Join()
	wantError(t, err, "at least one example")
	_, err = transfer.Replay(a, b, 0.1, 1)
	wantError(t, err, "share of 0.1 of 2")
	if half, err := transfer.Replay(a, b, 0.5, 1); err != nil || half.Len() != 2 {
		t.Errorf("%v, %v", half, err)
	}
}

// A new task wipes out an old one that needs other features; replay and elastic weight consolidation keep it, and the new one is learnt all the same.
func TestForgetting(t *testing.T) {
	b := backendtest.Go(t)
	ctx := context.Background()
	old, added, test := only(points(400, 1), "product"), only(points(400, 2), "sum"), points(300, 3)
	before := model.NewStore()
	fit(t, b, before, plain(product), old, mtl.FitOptions{Steps: 1000, LearningRate: 1e-2})
	both := transfer.Extend(plain(product), sum)
	if len(both.Tasks) != 2 {
		t.Fatal(both.TaskNames())
	}
	r2 := func(m *mtl.Model, store *model.Store) (old, added float64) {
		e, err := mtl.Evaluate(ctx, b, store, m, only(test, m.TaskNames()...))
		if err != nil {
			t.Fatal(err)
		}
		return e.Metric["product"]["R2"], e.Metric["sum"]["R2"]
	}
	f, err := transfer.Fisher{}.Estimate(ctx, b, before, plain(product), old)
	if err != nil {
		t.Fatal(err)
	}
	mixed, err := transfer.Replay(old, added, 0.25, 1)
	if err != nil {
		t.Fatal(err)
	}
	options := mtl.FitOptions{Steps: 300, LearningRate: 1e-2}
	naive, replayed, held := clone(t, before), clone(t, before), clone(t, before)
	fit(t, b, naive, plain(sum), added, options)
	fit(t, b, replayed, both, mixed, options)
	if err := transfer.AnchorBy(held, f); err != nil {
		t.Fatal(err)
	}
	options.Optimizer = transfer.Anchored{Base: optimizer.Adam().Done(), Strength: 10}
	fit(t, b, held, plain(sum), added, options)
	start, _ := r2(plain(product), before)
	forgot, learnt := r2(both, naive)
	t.Logf("R2 of the old task %.3f, then: naive %.3f (new %.3f)", start, forgot, learnt)
	for name, store := range map[string]*model.Store{"replay": replayed, "EWC": held} {
		kept, new := r2(both, store)
		t.Logf("%s: old %.3f, new %.3f", name, kept, new)
		if !(kept > forgot+0.2) || !(new > 0.8) {
			t.Errorf("%s: R2 of the old task %.3f, of the new one %.3f; without %.3f and %.3f", name, kept, new, forgot, learnt)
		}
	}
}

func TestLoadRunWeighting(t *testing.T) {
	b := backendtest.Go(t)
	train, dir := only(points(64, 1), "product", "sum"), filepath.Join(t.TempDir(), "run")
	store := model.NewStore()
	fit(t, b, store, plain(product, sum), train, mtl.FitOptions{Steps: 20, LearningRate: 0.1, Weighting: weighting.Uncertainty{}, RunDir: dir})
	warm := model.NewStore()
	if err := transfer.LoadRunWeighting(dir, warm, plain(product, sum)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(bits(t, warm, "/mtl/"), bits(t, store, "/mtl/")) {
		t.Error("the state differs")
	}
	for v := range warm.IterVariables() {
		if v.Path()[:5] != "/mtl/" {
			t.Errorf("%s came along", v.Path())
		}
	}
	fit(t, b, warm, plain(product, sum), train, mtl.FitOptions{Steps: 1, Weighting: weighting.Uncertainty{}})
	wantError(t, transfer.LoadRunWeighting(dir, model.NewStore(), plain(sum, product)), `["product" "sum"]`, `["sum" "product"]`)
}
