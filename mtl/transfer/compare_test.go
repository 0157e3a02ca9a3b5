package transfer_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/transfer"
)

// The sign of a product from few labels, with a trunk that knows the product.
func TestCompare(t *testing.T) {
	b := backendtest.Go(t)
	o := transfer.Options{
		Source: plain(product), Target: plain(sign),
		SourceTrain: only(points(400, 1), "product"), TargetTrain: only(points(200, 2), "sign"), TargetTest: only(points(300, 3), "sign"),
		SourceFit: mtl.FitOptions{Backend: b, Steps: 1000, LearningRate: 1e-2, Log: quiet},
		Fit:       mtl.FitOptions{Backend: b, Steps: 300, LearningRate: 1e-2, Log: quiet},
		Labels:    []int{20, 200}, Seeds: []int64{1, 2}, Dir: t.TempDir(), Log: quiet,
	}
	o.Ways = []transfer.Way{
		transfer.FromScratch(), transfer.FineTuned(), transfer.Frozen(), transfer.MultiTask(nil),
		{Name: "L2-SP", Optimizer: transfer.Anchored{Base: optimizer.Adam().Done(), Strength: 0.1}, Start: func(store, source *model.Store) error {
			return errors.Join(transfer.CopyTrunk(source, store), transfer.Anchor(store))
		}},
	}
	c, err := transfer.Compare(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for way := range c.Ways {
		for at := range c.Labels {
			if v := c.Interval(way, at); v.N != 2 || !(v.Mean > 0.3 && v.Mean <= 1) {
				t.Errorf("%s with %d labels: %v of %d seeds", c.Ways[way], c.Labels[at], v, v.N)
			}
		}
	}
	if scratch, frozen := c.Interval(0, 0).Mean, c.Interval(2, 0).Mean; !(frozen > scratch+0.05) {
		t.Errorf("20 labels: frozen %v, from scratch %v; wanted the trunk to help", frozen, scratch)
	}
	text := c.String()
	for _, part := range []string{"sign accuracy ↑", "20 labels", "200 labels", "frozen trunk", "±", "Means over 2 seeds"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	t.Log(text)
	// The same call finds all runs done.
	again, err := transfer.Compare(context.Background(), o)
	if err != nil || !reflect.DeepEqual(again, c) {
		t.Errorf("again: %v, %v", again, err)
	}
	o.Labels = []int{201}
	_, err = transfer.Compare(context.Background(), o)
	wantError(t, err, "201 labels asked for", "200 examples")
	_, err = transfer.Compare(context.Background(), transfer.Options{})
	wantError(t, err, "Compare needs")
}

func TestBest(t *testing.T) {
	c := &transfer.Comparison{Labels: []int{1}, Ways: []string{"a", "b", "none"}, Values: [][][]float64{{{1, 2}}, {{3}}, {nil}}}
	if c.Best(0) != 0 {
		t.Error("the lowest is not the best of a metric of errors")
	}
	if c.HigherIsBetter = true; c.Best(0) != 1 {
		t.Error("the highest is not the best")
	}
}
