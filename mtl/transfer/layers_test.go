package transfer_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/transfer"
)

// Layers are found in order, and freezing the first of them takes effect from one Fit to the next, averages included.
func TestFreezeFirst(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		store, train := model.NewStore(), only(points(64, 1), "product")
		fit(t, b, store, network(product), train, mtl.FitOptions{Steps: 2})
		layers, err := transfer.Layers(store)
		want := [][]string{{"shared/layer_0/dense", "shared/layer_0/batch_normalization"}, {"shared/layer_1/dense", "shared/layer_1/batch_normalization"}}
		if err != nil || !reflect.DeepEqual(layers, want) {
			t.Fatalf("layers %q, %v; wanted %q", layers, err, want)
		}
		for _, n := range []int{1, 2, 0, 1} {
			if err := transfer.FreezeFirst(store, layers, n); err != nil {
				t.Fatal(err)
			}
			lower, upper := bits(t, store, "/shared/layer_0/"), bits(t, store, "/shared/layer_1/")
			fit(t, b, store, network(product), train, mtl.FitOptions{Steps: 2})
			if same := maps.Equal(bits(t, store, "/shared/layer_0/"), lower); same != (n > 0) {
				t.Errorf("%d frozen: the first layer is the same: %v", n, same)
			}
			if same := maps.Equal(bits(t, store, "/shared/layer_1/"), upper); same != (n > 1) {
				t.Errorf("%d frozen: the second layer is the same: %v", n, same)
			}
		}
		wantError(t, transfer.FreezeFirst(store, layers, 3), "the first 3 of 2 layers")
		_, err = transfer.Layers(model.NewStore())
		wantError(t, err, "call Declare first")
	})
}

// stopAt cancels a run after a number of steps of a stage.
type stopAt struct {
	stage, step int
	begun       *int
	cancel      context.CancelFunc
}

func (s stopAt) Begin(history.Run)     { *s.begun++ }
func (s stopAt) Record(history.Record) {}
func (s stopAt) End(error)             {}
func (s stopAt) Progress(step, _ int, _ float64) {
	if *s.begun == s.stage && step >= s.step {
		s.cancel()
	}
}

// Gradual unfreezing thaws from the top, and goes on after interrupts to the same bits.
func TestGradual(t *testing.T) {
	b := backendtest.Go(t)
	train := points(64, 1)
	source := model.NewStore()
	fit(t, b, source, network(product), only(train, "product"), mtl.FitOptions{Steps: 5})
	begin := func() *model.Store {
		store := model.NewStore()
		if err := transfer.CopyTrunk(source, store); err != nil {
			t.Fatal(err)
		}
		return store
	}
	m, data := network(sign), mtl.Data{Train: only(train, "sign")}
	options := mtl.FitOptions{Backend: b, Steps: 6, BatchSize: 16, SaveEvery: 2, StepsPerCall: 1, Log: quiet}

	one := options
	one.Store = begin()
	if _, err := (transfer.Gradual{Stages: 1}).Fit(context.Background(), m, data, one); err != nil {
		t.Fatal(err)
	}
	if maps.Equal(bits(t, one.Store, "/shared/layer_0"), bits(t, source, "/shared/layer_0")) {
		t.Error("the last stage did not train everything")
	}
	// Two of three stages, ended by an interrupt: the lowest layer is as it was, the one above is not.
	dir := t.TempDir()
	for _, stop := range []struct {
		stage, step int
		upper       bool
	}{{1, 4, false}, {2, 3, true}, {3, 2, true}} {
		ctx, cancel := context.WithCancel(context.Background())
		o := options
		o.Store, o.RunDir = begin(), dir
		begun := 0
		o.Observers = []mtl.Observer{stopAt{stop.stage, stop.step, &begun, cancel}}
		histories, err := (transfer.Gradual{}).Fit(ctx, m, data, o)
		if !errors.Is(err, context.Canceled) || len(histories) != stop.stage {
			t.Fatalf("stage %d: %d histories, %v", stop.stage, len(histories), err)
		}
		cancel()
		if stop.stage < 3 && !maps.Equal(bits(t, o.Store, "/shared/layer_0"), bits(t, source, "/shared/layer_0")) {
			t.Errorf("stage %d: the lowest layer changed", stop.stage)
		}
		if changed := !maps.Equal(bits(t, o.Store, "/shared/layer_1"), bits(t, source, "/shared/layer_1")); changed != stop.upper {
			t.Errorf("stage %d: the upper layer changed: %v", stop.stage, changed)
		}
	}
	pieces, whole := options, options
	pieces.Store, pieces.RunDir, whole.Store = begin(), dir, begin()
	for _, o := range []mtl.FitOptions{pieces, whole} {
		if histories, err := (transfer.Gradual{}).Fit(context.Background(), m, data, o); err != nil || len(histories) != 3 {
			t.Fatalf("%d stages, %v", len(histories), err)
		}
	}
	for _, part := range []string{"/shared", "/task"} {
		if !maps.Equal(bits(t, pieces.Store, part), bits(t, whole.Store, part)) {
			t.Errorf("%s differs after interrupts", part)
		}
	}
}
