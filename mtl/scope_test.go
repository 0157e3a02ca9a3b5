package mtl_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
)

// regressions is a small network with a regression for each name, and waves for it to learn. The labels of a name do not depend on its position.
func regressions(names ...string) (*mtl.Model, *mtl.Split) {
	const examples, features = 24, 3
	wave := func(n int, phase float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(math.Sin(phase + 1.7*float64(i)))
		}
		return x
	}
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: arch.Dense{Widths: []int{4}}}}
	s := &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(wave(examples*features, 0), examples, features)},
		Labels: map[string]*tensors.Tensor{}, Masks: map[string]*tensors.Tensor{},
	}
	for _, name := range names {
		phase := 0.0
		for _, r := range name {
			phase = 31*phase + float64(r)
		}
		m.Tasks = append(m.Tasks, mtl.Regression(name, 1))
		s.Labels[name] = tensors.FromFlatDataAndDimensions(wave(examples, math.Mod(phase, 100)), examples)
	}
	return m, s
}

// Names of ASCII letters and the like are their own scopes, as in the checkpoints of before; the others keep one scope each, whatever stands next to them.
func TestScopeName(t *testing.T) {
	for _, name := range []string{"a", "a_b", "left digit", "left-eye", "v1.2", "_", "0"} {
		if got := mtl.ScopeName(name); got != name {
			t.Errorf("the scope of %q is %q, wanted the name itself", name, got)
		}
	}
	seen := map[string]string{}
	for _, name := range []string{"a/b", "a_b", ".", "..", "年齢", "性別", "α", "β", "x+", "x-", "😀", "😁", "/", "//", "a\nb", "a\tb"} {
		scope := mtl.ScopeName(name)
		if scope != mtl.ScopeName(name) || scope == "." || scope == ".." || strings.ContainsAny(scope, "/\n\t") {
			t.Errorf("the scope of %q is %q", name, scope)
		}
		if other, found := seen[scope]; found {
			t.Errorf("%q and %q have the scope %q", name, other, scope)
		}
		seen[scope] = name
	}
	if got, want := mtl.ScopeName("a/b"), "a_b_3a8e75c1"; got != want { // as checkpoints have it
		t.Errorf("the scope of a/b is %q, wanted %q", got, want)
	}
}

// Two tasks are two heads whatever they are called, and all of a task's variables lie under its scope.
func TestNamesTrain(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, names := range [][]string{{"a/b", "a_b"}, {"..", "."}, {"年齢", "性別"}, {"x+", "x-"}, {"😀", "😁"}} {
			m, s := regressions(names...)
			store := model.NewStore()
			h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s}, mtl.FitOptions{Backend: b, Store: store, Steps: 2, StepsPerCall: 1, Log: quiet})
			if err != nil {
				t.Errorf("%q: %v", names, err)
				continue
			}
			if got := len(h.Last(history.Train).Loss); got != 2 {
				t.Errorf("%q: %d losses", names, got)
			}
			for _, name := range names {
				if got := mtl.ScopeOf(store.RootScope(), name).At("head").NumVariables(); got != 2 {
					t.Errorf("%q has %d variables in its head, wanted weights and biases", name, got)
				}
			}
			summary, err := mtl.Summarize(b, model.NewStore(), m, s)
			if err != nil {
				t.Fatal(err)
			}
			for _, task := range summary.Tasks {
				if task.Parameters != 5 {
					t.Errorf("%q: %d parameters of %q, wanted 4 weights and a bias", names, task.Parameters, task.Name)
				}
			}
		}
	})
}

func TestNamesRefused(t *testing.T) {
	for _, c := range []struct {
		names []string
		wants []string
	}{
		{[]string{"a b", "a_b"}, []string{`"a b"`, `"a_b"`, "rename"}},
		{[]string{"a", "a"}, []string{`two tasks are named "a"`}},
		{[]string{"\xff"}, []string{`"\xff"`, "UTF-8"}},
		{[]string{""}, []string{"has no name"}},
	} {
		m, s := regressions(c.names...)
		_, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s}, mtl.FitOptions{Backend: backendtest.Go(t), Steps: 1, Log: quiet})
		for _, want := range c.wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("tasks %q: the error is %v; wanted one with %s", c.names, err, want)
			}
		}
	}
}

// Two metrics of one name would be one figure.
func TestMetricNames(t *testing.T) {
	m, s := regressions("a")
	m.Tasks[0].Metrics = append(m.Tasks[0].Metrics, m.Tasks[0].Metrics[0])
	_, err := mtl.Evaluate(context.Background(), backendtest.Go(t), model.NewStore(), m, s)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("metrics of task %q", "a")) {
		t.Errorf("the error is %v", err)
	}
}
