package arch_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// ordered is a model of an architecture and regressions, and data for the tasks "a", "b" and "c".
func ordered(a mtl.Architecture, names ...string) (*mtl.Model, *mtl.Split) {
	m, s := &mtl.Model{Arch: a}, &mtl.Split{Inputs: []*tensors.Tensor{wave(8, 3)}, Labels: map[string]*tensors.Tensor{}}
	for _, name := range names {
		m.Tasks = append(m.Tasks, mtl.Regression(name, 1))
		labels, _ := tensors.CopyFlatData[float32](wave(40))
		s.Labels[name] = tensors.FromValue(labels[10*(name[0]-'a'):][:8])
	}
	return m, s
}

// An architecture's matrices of tasks by tasks follow the names. A store that is evaluated and
// trained with its tasks in another order ends as one whose tasks kept theirs, moments of the
// optimiser included.
func TestMatricesFollowTasks(t *testing.T) {
	ctx := context.Background()
	stages := []arch.Trunk{arch.Dense{Widths: []int{3}}}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for what, a := range map[string]mtl.Architecture{
			"CrossStitch": arch.CrossStitch{Stages: stages}, "per channel": arch.CrossStitch{Stages: stages, PerChannel: true},
			"NDDR": arch.NDDR{Stages: stages, Normalization: arch.LayerNorm},
		} {
			losses := func(store *model.Store, names ...string) map[string]float64 {
				m, s := ordered(a, names...)
				e, err := mtl.Evaluate(ctx, b, store, m, s)
				if err != nil {
					t.Fatal(err)
				}
				return e.Loss
			}
			trained := func(orders ...[]string) (*model.Store, map[string]float64) {
				store := model.NewStore()
				for _, names := range orders {
					m, s := ordered(a, names...)
					_, err := mtl.Fit(ctx, m, mtl.Data{Train: s}, mtl.FitOptions{Backend: b, Store: store, Steps: 10, LearningRate: 0.05, StepsPerCall: 1, Log: discard})
					if err != nil {
						t.Fatal(err)
					}
				}
				return store, losses(store, "a", "b", "c")
			}
			same := func(when string, got, want map[string]float64) {
				t.Helper()
				for name, w := range want {
					if !(math.Abs(got[name]-w) <= 1e-4*w) {
						t.Errorf("%s, %s: the losses are %v, wanted %v", what, when, got, want)
						return
					}
				}
			}
			first := []string{"a", "b", "c"}
			store, want := trained(first, first)
			same("evaluated in another order", losses(store, "c", "a", "b"), want)
			same("evaluated in the first order again", losses(store, first...), want)
			store, got := trained(first, []string{"b", "c", "a"})
			same("trained on in another order", got, want)
			m, s := ordered(a, "a", "b")
			if _, err := mtl.Evaluate(ctx, b, store, m, s); err == nil || !strings.Contains(err.Error(), "use another store") {
				t.Errorf("%s, a task fewer: the error is %v", what, err)
			}
		}
	})
}

// An architecture that goes by the order of the tasks takes a store of that order alone, or of more
// tasks after them.
func TestOrderIsKept(t *testing.T) {
	ctx, b := context.Background(), backendtest.Go(t)
	small := arch.Dense{Widths: []int{3}}
	for what, a := range map[string]mtl.Architecture{
		"AITM": arch.AITM{Tower: small}, "DBMTL": arch.DBMTL{Bottom: small, Tower: small, Relation: small},
		"ESMM": arch.ESMM{Arch: arch.Branched{Trunk: small, Own: small}}, "Calibrated": arch.Calibrated{Arch: arch.Branched{Trunk: small, Own: small}},
	} {
		store := model.NewStore()
		evaluate := func(names ...string) error {
			m, s := ordered(a, names...)
			for i, name := range names {
				m.Tasks[i] = mtl.Binary(name)
				if what == "ESMM" || what == "Calibrated" {
					m.Tasks[i] = mtl.Binary(name, mtl.WithHead(arch.LogitHead{}))
				}
				s.Labels[name] = tensors.FromValue([]float32{0, 1, 0, 1, 1, 1, 0, 0})
			}
			_, err := mtl.Evaluate(ctx, b, store, m, s)
			return err
		}
		for _, names := range [][]string{{"a", "b", "c"}, {"a", "b"}, {"a"}, {"a", "b", "c"}} {
			if err := evaluate(names...); err != nil {
				t.Errorf("%s, tasks %q: %v", what, names, err)
			}
		}
		for _, names := range [][]string{{"a", "c", "b"}, {"a", "c"}, {"b"}} {
			if err := evaluate(names...); err == nil || !strings.Contains(err.Error(), "in this order") {
				t.Errorf("%s, tasks %q after a, b, c: the error is %v", what, names, err)
			}
		}
	}
}
