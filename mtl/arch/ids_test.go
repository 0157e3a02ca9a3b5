package arch_test

import (
	"context"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/weighting"
)

var discard = slog.New(slog.DiscardHandler)

// idSplit has sequences of two ids, of which those of example 5 are given.
func idSplit[T int8 | int32 | int64 | uint8](first, second T) *mtl.Split {
	ids, y := make([]T, 16), make([]float32, 8)
	for i := range ids {
		ids[i] = T(i % 4)
	}
	ids[10], ids[11] = first, second
	for i := range y {
		y[i] = float32(i % 3)
	}
	return &mtl.Split{Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(ids, 8, 2)}, Labels: map[string]*tensors.Tensor{"a": tensors.FromValue(y)}}
}

// An id that the table has no row for is an error with its place, in training, validation,
// evaluation, prediction and in another split; so is one of a stream.
func TestIDsOutOfRange(t *testing.T) {
	ctx := context.Background()
	tables := map[string]arch.Trunk{
		"Embedding":    arch.Sequence{arch.Embedding{Vocabulary: 4, Width: 3}, arch.Dense{Widths: []int{4}}},
		"EmbeddingBag": arch.EmbeddingBag{Vocabularies: []int{4}, Width: 3},
		"Text":         arch.Text{Embedding: arch.Embedding{Vocabulary: 4, Width: 3}, Pool: arch.PoolMean},
	}
	good := idSplit[int32](0, 3)
	for name, bad := range map[string]*mtl.Split{
		"4": idSplit[int32](0, 4), "1000": idSplit[int64](1000, 0), "-1": idSplit[int32](3, -1), "-128": idSplit[int8](-128, 3), "255": idSplit[uint8](0, 255),
	} {
		for what, trunk := range tables {
			b := backendtest.Go(t)
			m := &mtl.Model{Arch: arch.HardSharing{Trunk: trunk}, Tasks: []mtl.Task{mtl.Regression("a", 1)}}
			options := mtl.FitOptions{Backend: b, Steps: 1, BatchSize: 8, StepsPerCall: 1, Log: discard}
			wants := func(where string, err error) {
				t.Helper()
				if err == nil || !strings.Contains(err.Error(), "example 5 has the id "+name+"; wanted 0 to 3") || !strings.Contains(err.Error(), "arch."+what) {
					t.Errorf("%s, %s: the error is %v", what, where, err)
				}
			}
			_, err := mtl.Fit(ctx, m, mtl.Data{Train: bad}, options)
			wants("training", err)
			_, err = mtl.Evaluate(ctx, b, model.NewStore(), m, bad)
			wants("evaluation", err)
			_, err = mtl.Predict(ctx, b, model.NewStore(), m, bad.Inputs...)
			wants("prediction", err)
			streamed := options
			streamed.DeviceBytes = 1
			_, err = mtl.Fit(ctx, m, mtl.Data{Train: bad}, streamed)
			wants("training from the host", err)
			if bad.Inputs[0].DType() != good.Inputs[0].DType() {
				continue
			}
			_, err = mtl.Fit(ctx, m, mtl.Data{Train: good, Validation: bad}, options)
			wants("validation", err)
			c, err := mtl.Compile(m, mtl.Data{Train: good}, options)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Fit(ctx, mtl.RunOptions{Train: bad})
			wants("another split", err)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: tables["Embedding"]}, Tasks: []mtl.Task{mtl.Regression("a", 1)}}
	stream := idSplit[int32](0, 4).Batches("ids", m.Tasks, 2, 1)
	_, err := mtl.Fit(ctx, m, mtl.Data{Stream: stream}, mtl.FitOptions{Backend: backendtest.Go(t), Steps: 8, Log: discard})
	if err == nil || !strings.Contains(err.Error(), "has the id 4; wanted 0 to 3") {
		t.Errorf("streamed: the error is %v", err)
	}
	if _, err := mtl.Fit(ctx, m, mtl.Data{Train: good}, mtl.FitOptions{Backend: backendtest.Go(t), Steps: 1, Log: discard}); err != nil {
		t.Errorf("ids in range: %v", err)
	}
}

// NaN in a batch of a stream is found before it is trained on.
func TestStreamedNaN(t *testing.T) {
	x := make([]float32, 16)
	x[5] = float32(math.NaN())
	s := &mtl.Split{Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, 8, 2)}, Labels: map[string]*tensors.Tensor{"a": tensors.FromValue(make([]float32, 8))}}
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: arch.Dense{Widths: []int{2}}}, Tasks: []mtl.Task{mtl.Regression("a", 1)}}
	_, err := mtl.Fit(context.Background(), m, mtl.Data{Stream: s.Batches("x", m.Tasks, 2, 1)}, mtl.FitOptions{Backend: backendtest.Go(t), Steps: 8, Log: discard})
	if err == nil || !strings.Contains(err.Error(), "input 0 of a batch") || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("the error is %v", err)
	}
}

// A value that would be normalised by itself is an error in training, also where parts of the batch
// hold one example each; evaluation does without.
func TestNormalizationOfOneValue(t *testing.T) {
	ctx := context.Background()
	split := func() *mtl.Split {
		s := idSplit[int32](0, 0)
		s.Inputs[0] = tensors.FromFlatDataAndDimensions([]float32{1, 2, 3, 4, 5, 6, 7, 8, 2, 3, 1, 5, 3, 6, 4, 9}, 8, 2)
		return s
	}
	trunk := func(width int, n arch.Normalization) *mtl.Model {
		return &mtl.Model{Arch: arch.HardSharing{Trunk: arch.Dense{Widths: []int{width}, Normalization: n}}, Tasks: []mtl.Task{mtl.Regression("a", 1)}}
	}
	for what, c := range map[string]struct {
		model      *mtl.Model
		batch      int
		accumulate int
		weighting  mtl.Weighting
		word       string
	}{
		"one example":           {trunk(4, arch.BatchNorm), 1, 0, nil, "arch.BatchNorm at /shared/layer_0"},
		"one a part":            {trunk(4, arch.BatchNorm), 4, 4, nil, "arch.BatchNorm at /shared/layer_0"},
		"one with its own ε":    {trunk(4, arch.BatchNormEpsilon(1e-5)), 1, 0, nil, "arch.BatchNorm at /shared/layer_0"},
		"one a method's part":   {trunk(4, arch.BatchNorm), 3, 0, weighting.MoDo{}, "arch.BatchNorm at /shared/layer_0"},
		"one feature":           {trunk(1, arch.LayerNorm), 4, 0, nil, "arch.LayerNorm"},
		"one feature, own ε":    {trunk(1, arch.LayerNormEpsilon(1e-5)), 4, 0, nil, "arch.LayerNormEpsilon"},
		"two examples":          {trunk(4, arch.BatchNorm), 2, 0, nil, ""},
		"two a part":            {trunk(4, arch.BatchNorm), 4, 2, nil, ""},
		"one example, by layer": {trunk(4, arch.LayerNorm), 1, 0, nil, ""},
	} {
		_, err := mtl.Fit(ctx, c.model, mtl.Data{Train: split()}, mtl.FitOptions{
			Backend: backendtest.Go(t), Steps: 2, BatchSize: c.batch, Accumulate: c.accumulate, Weighting: c.weighting, Log: discard,
		})
		if (c.word == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: the error is %v; wanted %q", what, err, c.word)
		}
	}
	if _, err := mtl.Predict(ctx, backendtest.Go(t), model.NewStore(), trunk(4, arch.BatchNorm), tensors.FromValue([][]float32{{1, 2}})); err != nil {
		t.Errorf("prediction for one example: %v", err)
	}
}
