package transfer_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/transfer"
)

// begun is a store with a trunk and a head, trained a little.
func begun(t *testing.T, b compute.Backend, m *mtl.Model, s *mtl.Split) *model.Store {
	store := model.NewStore()
	fit(t, b, store, m, s, mtl.FitOptions{Steps: 1, Optimizer: sgd(0.1)})
	return store
}

func clone(t *testing.T, store *model.Store) *model.Store {
	other, err := store.Clone()
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// One step of SGD at rate r changes a variable by f·r times its gradient: the same step without the wrapper tells the gradient.
func TestLayerRates(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, train := plain(product), only(points(16, 1), "product")
		start := begun(t, b, m, train)
		after := func(o optimizer.Interface) *model.Store {
			store := clone(t, start)
			fit(t, b, store, m, train, mtl.FitOptions{Steps: 1, Optimizer: o})
			return store
		}
		moved := false
		usual, scaled := after(sgd(0.1)), after(transfer.LayerRates{Base: sgd(0.1), Decay: 0.5})
		for path, f := range map[string]float64{"/shared/layer_0/dense/weights": 0.25, "/shared/layer_1/dense/biases": 0.5, "/task/product/head/output/dense/weights": 1} {
			from, full, part := floats(t, start, path), floats(t, usual, path), floats(t, scaled, path)
			for i := range from {
				near(t, fmt.Sprint(path, i), float64(part[i]-from[i]), f*float64(full[i]-from[i]), 1e-6)
				moved = moved || full[i] != from[i]
			}
		}
		if !moved {
			t.Error("nothing moved")
		}
		// One program, other factors: 0 stops a layer, also with Adam, whose update does not vanish with the gradient.
		c, err := mtl.Compile(m, mtl.Data{Train: train}, mtl.FitOptions{Backend: b, Steps: 3, Optimizer: transfer.LayerRates{Base: optimizer.Adam().Done()}, Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}()
		if got := fmt.Sprint(c.Hyperparameters()); got != "[shared/layer_0/dense/rate shared/layer_1/dense/rate]" {
			t.Errorf("hyper-parameters %s", got)
		}
		for _, f := range []float64{0, 1} {
			store := model.NewStore()
			if err := transfer.CopyTrunk(start, store); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Fit(context.Background(), mtl.RunOptions{Store: store, Hyperparameters: map[string][]float64{"shared/layer_0/dense/rate": {f}}}); err != nil {
				t.Fatal(err)
			}
			if same := maps.Equal(bits(t, store, "/shared/layer_0"), bits(t, start, "/shared/layer_0")); same != (f == 0) {
				t.Errorf("factor %v: the layer is the same: %v", f, same)
			}
			if maps.Equal(bits(t, store, "/shared/layer_1"), bits(t, start, "/shared/layer_1")) {
				t.Errorf("factor %v: the other layer is the same", f)
			}
		}
		near(t, "the default factor", float64(floats(t, scaledByDefault(t, b, m, train), "/mtl/shared/layer_0/dense/rate")[0]), math.Pow(1/2.6, 2), 1e-7)
	})
}

func scaledByDefault(t *testing.T, b compute.Backend, m *mtl.Model, train *mtl.Split) *model.Store {
	store := model.NewStore()
	fit(t, b, store, m, train, mtl.FitOptions{Steps: 1, Optimizer: transfer.LayerRates{Base: sgd(0.1)}})
	return store
}

// The penalty's gradient is α·F·(w − w₀), and β·w without an anchor: the difference of two steps of SGD.
func TestAnchored(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, train := plain(product), only(points(16, 1), "product")
		start := begun(t, b, m, train)
		old := clone(t, start)
		if err := transfer.Anchor(start); err != nil {
			t.Fatal(err)
		}
		fit(t, b, start, m, train, mtl.FitOptions{Steps: 5, Optimizer: sgd(0.1)}) // away from the anchor
		const weights, head = "/shared/layer_0/dense/weights", "/task/product/head/output/dense/weights"
		w := floats(t, start, weights)
		f := make([]float32, len(w))
		for i := range f {
			f[i] = float32(i % 3)
		}
		ewc := clone(t, start)
		if err := transfer.AnchorBy(ewc, map[string]*tensors.Tensor{weights: tensors.FromFlatDataAndDimensions(f, 4, 16)}); err != nil {
			t.Fatal(err)
		}
		const rate, alpha, beta = 0.1, 0.7, 0.3
		step := func(from *model.Store, o optimizer.Interface) *model.Store {
			store := clone(t, from)
			fit(t, b, store, m, train, mtl.FitOptions{Steps: 1, Optimizer: o})
			return store
		}
		usual := step(start, sgd(rate))
		held := step(start, transfer.Anchored{Base: sgd(rate), Strength: alpha, Decay: beta})
		w0, a, c := floats(t, old, weights), floats(t, usual, weights), floats(t, held, weights)
		for i := range w {
			near(t, "L2-SP", float64(c[i]-a[i]), -rate*alpha*float64(w[i]-w0[i]), 1e-6)
		}
		h, a, c := floats(t, start, head), floats(t, usual, head), floats(t, held, head)
		for i := range h {
			near(t, "decay", float64(c[i]-a[i]), -rate*beta*float64(h[i]), 1e-6)
		}
		// The anchor at w₀ with importance 1 and that at w with importance f add up: their gradient at w is (w − w₀) again.
		summed := step(ewc, transfer.Anchored{Base: sgd(rate), Strength: alpha})
		a, c = floats(t, usual, weights), floats(t, summed, weights)
		moved := false
		for i := range w {
			near(t, "sum of anchors", float64(c[i]-a[i]), -rate*alpha*float64(w[i]-w0[i]), 1e-6)
			moved = moved || w[i] != w0[i]
		}
		if !moved {
			t.Error("nothing moved")
		}
		_, err := mtl.Fit(context.Background(), m, mtl.Data{Train: train}, mtl.FitOptions{Backend: b, Steps: 1, Log: quiet, Optimizer: transfer.Anchored{Base: sgd(rate)}})
		wantError(t, err, "call transfer.Anchor")
		wantError(t, transfer.AnchorBy(start, map[string]*tensors.Tensor{"/shared/none": tensors.FromScalar(float32(1))}), "no such variable")
		wantError(t, transfer.Anchor(model.NewStore()), "no variables under")
	})
}

// An interrupted run keeps its anchors.
func TestAnchorsAreSaved(t *testing.T) {
	b := backendtest.Go(t)
	m, train := plain(product), only(points(32, 1), "product")
	source := begun(t, b, m, train)
	begin := func() *model.Store {
		store := model.NewStore()
		if err := transfer.CopyTrunk(source, store); err != nil {
			t.Fatal(err)
		}
		if err := transfer.Anchor(store); err != nil {
			t.Fatal(err)
		}
		return store
	}
	o := mtl.FitOptions{Steps: 8, BatchSize: 16, SaveEvery: 2, StepsPerCall: 1, Optimizer: transfer.Anchored{Base: sgd(0.1)}}
	whole, pieces := begin(), begin()
	fit(t, b, whole, m, train, o)
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	first := o
	first.Backend, first.Store, first.Log, first.RunDir = b, begin(), quiet, t.TempDir()
	first.Observers = []mtl.Observer{stopAt{1, 3, &n, cancel}}
	_, err := mtl.Fit(ctx, m, mtl.Data{Train: train}, first)
	wantError(t, err, "interrupted")
	o.RunDir = first.RunDir
	fit(t, b, pieces, m, train, o)
	if !maps.Equal(bits(t, pieces, "/shared"), bits(t, whole, "/shared")) {
		t.Error("the run differs after an interrupt")
	}
}
