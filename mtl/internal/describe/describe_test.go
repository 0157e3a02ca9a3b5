package describe_test

import (
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/internal/describe"
	"github.com/gomtl/gomtl/mtl/weighting"
)

type node struct {
	Name   string
	Next   *node
	Values []float64
	hidden map[string]int
	mu     sync.Mutex
	File   *os.File
	Weight *tensors.Tensor
	Do     func()
	Any    any
	Wait   time.Duration
}

func do() {}

// The words are written down here: they are those of another process.
func TestValue(t *testing.T) {
	circle := &node{Name: "a b"}
	circle.Next = circle
	locked := &node{}
	locked.mu.Lock()
	defer locked.mu.Unlock()
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, "none"}, {(*node)(nil), "none"}, {node{}, "node"}, {&node{Values: []float64{}, hidden: map[string]int{}}, "node"},
		{weighting.Smoothed{Method: &weighting.DWA{}}, "Smoothed{Method:DWA}"},
		{weighting.CAGrad{C: 0.4}, "CAGrad{C:0.4}"}, {weighting.Fixed{"b": 2, "a": 0.5}, "Fixed{a:0.5 b:2}"},
		{weighting.UPGrad{Preference: []float64{0.25, 0.75}}, "UPGrad{Preference:[0.25 0.75]}"},
		{arch.HardSharing{Trunk: arch.Dense{Widths: []int{8, 4}, Dropout: 0.1}}, "HardSharing{Trunk:Dense{Widths:[8 4] Dropout:0.1}}"},
		{circle, `node{Name:"a b" Next:itself}`}, {locked, "node{mu:Mutex}"},
		{node{Next: &node{hidden: map[string]int{"z": 1, "a": 2}}}, "node{Next:node{hidden:{a:2 z:1}}}"},
		{node{File: os.Stdout}, "node{File:File}"}, {node{Do: do, Wait: time.Minute}, "node{Do:do Wait:1m0s}"},
		{node{Any: []any{nil, 1, "x", true, math.Inf(1), float32(0.1), 1e-7, 1e20}}, "node{Any:[none 1 x true +Inf 0.1 1e-07 1e+20]}"},
		{make([]int, 40), "[40 values 3ec1f4585480800c]"}, // of the text, by sha256sum
	} {
		for range 3 {
			if got := describe.Value(c.value); got != c.want {
				t.Errorf("%q; wanted %q", got, c.want)
			}
		}
	}
}

// Whatever differs in two values differs in their words.
func made(by int) func() int { return func() int { return by } }

func generic[T any](v T) func() T { return func() T { return v } }

// A function is known by its name, or that of the function which made it: wherever that was.
func TestFunctionNames(t *testing.T) {
	inner := func() func() int { return made(2) }
	for _, f := range []any{made(1), inner(), func() any { return made(3) }()} {
		if got := describe.Value(f); got != "made" {
			t.Errorf("a function of made is %q", got)
		}
	}
	if got := describe.Value(generic(1)); got != "generic" {
		t.Errorf("a function of generic is %q", got)
	}
	if got := describe.Value((&strings.Builder{}).Len); got != "Len" {
		t.Errorf("a method is %q", got)
	}
}

func TestDifferent(t *testing.T) {
	long, longer := make([]float64, 100), make([]float64, 100)
	longer[99] = 1
	texts := map[string]int{}
	for i, v := range []any{
		node{Name: "a"}, node{Name: "b"}, node{Name: "a Next:none"}, node{Values: long}, node{Values: longer}, node{Next: &node{Name: "a"}},
		node{hidden: map[string]int{"a": 1}}, node{hidden: map[string]int{"a": 2}},
		node{Weight: tensors.FromValue([]float32{1, 2})}, node{Weight: tensors.FromValue([]float32{1, 3})}, node{Weight: tensors.FromValue([][]float32{{1, 2}})},
		optimizer.Adam().Done(), optimizer.Adam().LearningRate(0.1).Done(), optimizer.Adam().WeightDecay(0.1).Done(), optimizer.StochasticGradientDescent().Done(),
		mtl.DenseHead{Outputs: 1}, mtl.DenseHead{Outputs: 2},
	} {
		text := describe.Value(v)
		if other, known := texts[text]; known {
			t.Errorf("values %d and %d are both %s", other, i, text)
		}
		texts[text] = i
		if again := describe.Value(v); again != text {
			t.Errorf("%s, then %s", text, again)
		}
	}
}
