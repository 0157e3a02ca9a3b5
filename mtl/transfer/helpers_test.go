package transfer_test

import (
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

var quiet = slog.New(slog.DiscardHandler)

// points are n points of [4] with three questions: two that need the same features, and one about the sum.
func points(n int, seed uint64) *mtl.Split {
	rng := rand.New(rand.NewPCG(seed, 7))
	x, product, sign, sum := make([]float32, 4*n), make([]float32, n), make([]int32, n), make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	for i := range n {
		a := x[4*i : 4*i+4]
		product[i], sum[i] = a[0]*a[1], a[2]+a[3]
		if product[i] > 0 {
			sign[i] = 1
		}
	}
	return &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, n, 4)},
		Labels: map[string]*tensors.Tensor{
			"product": tensors.FromFlatDataAndDimensions(product, n), "sign": tensors.FromFlatDataAndDimensions(sign, n),
			"sum": tensors.FromFlatDataAndDimensions(sum, n),
		},
	}
}

// only is the split with the labels of these tasks.
func only(s *mtl.Split, names ...string) *mtl.Split {
	kept := &mtl.Split{Inputs: s.Inputs, Labels: map[string]*tensors.Tensor{}}
	for _, name := range names {
		kept.Labels[name] = s.Labels[name]
	}
	return kept
}

var (
	product = mtl.Regression("product", 1)
	sign    = mtl.Classification("sign", 2)
	sum     = mtl.Regression("sum", 1)
)

// network is a model of tasks on two dense layers with batch normalisation.
func network(tasks ...mtl.Task) *mtl.Model {
	return &mtl.Model{Arch: arch.HardSharing{Trunk: arch.Dense{Widths: []int{16, 8}, Normalization: arch.BatchNorm}}, Tasks: tasks}
}

// plain has no normalisation.
func plain(tasks ...mtl.Task) *mtl.Model {
	return &mtl.Model{Arch: arch.HardSharing{Trunk: arch.Dense{Widths: []int{16, 8}}}, Tasks: tasks}
}

func fit(t *testing.T, b compute.Backend, store *model.Store, m *mtl.Model, s *mtl.Split, o mtl.FitOptions) {
	t.Helper()
	o.Backend, o.Store, o.Log = b, store, quiet
	if _, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s}, o); err != nil {
		t.Fatal(err)
	}
}

// sgd is w − rate·gradient.
func sgd(rate float64) optimizer.Interface {
	return optimizer.StochasticGradientDescent().WithDecay(false).WithLearningRate(rate).Done()
}

// floats are the values of a variable.
func floats(t *testing.T, store *model.Store, path string) []float32 {
	t.Helper()
	v := store.GetVariable(path)
	if v == nil {
		t.Fatalf("there is no variable %s", path)
	}
	return tensors.MustCopyFlatData[float32](v.MustValue())
}

// bits are all values under a path, by path.
func bits(t *testing.T, store *model.Store, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for v := range store.IterVariables() {
		if strings.HasPrefix(v.Path(), root) {
			if err := v.MustValue().ConstBytes(func(data []byte) { all[v.Path()] = string(data) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(all) == 0 {
		t.Fatalf("there are no variables under %s", root)
	}
	return all
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v; wanted %v within %v", what, got, want, tolerance)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; wanted one with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q; wanted %q in it", err, part)
		}
	}
}
