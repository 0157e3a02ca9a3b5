package transfer_test

import (
	"context"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/transfer"
)

// On a linear model the Fisher information is known: of the squared error 2·E[x²], exactly, as the labels are the prediction ± √½; of the softmax
// E[x_j²·p_k·(1 − p_k)], which is approached.
func TestFisher(t *testing.T) {
	identity := arch.TrunkFunc(func(_ *model.Scope, inputs []*graph.Node) *graph.Node { return inputs[0] })
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		const n = 400
		s := points(n, 5)
		x := tensors.MustCopyFlatData[float32](s.Inputs[0])
		m := &mtl.Model{Arch: arch.HardSharing{Trunk: identity}, Tasks: []mtl.Task{sum, mtl.Classification("sign", 3)}}
		store := model.NewStore()
		fit(t, b, store, m, only(s, "sum", "sign"), mtl.FitOptions{Steps: 2})
		state := bits(t, store, "/")
		f, err := transfer.Fisher{Examples: n}.Estimate(context.Background(), b, store, m, s)
		if err != nil {
			t.Fatal(err)
		}
		for path, value := range bits(t, store, "/") {
			if state[path] != value {
				t.Errorf("%s changed", path)
			}
		}
		linear := tensors.MustCopyFlatData[float32](f["/task/sum/head/output/dense/weights"])
		got := tensors.MustCopyFlatData[float32](f["/task/sign/head/output/dense/weights"])
		w, bias := floats(t, store, "/task/sign/head/output/dense/weights"), floats(t, store, "/task/sign/head/output/dense/biases")
		var square [4]float64
		var want [4][3]float64
		for i := range n {
			var p [3]float64
			total := 0.0
			for k := range p {
				z := float64(bias[k])
				for j := range 4 {
					z += float64(x[4*i+j] * w[3*j+k])
				}
				p[k] = math.Exp(z)
				total += p[k]
			}
			for j := range 4 {
				xx := float64(x[4*i+j]) * float64(x[4*i+j]) / n
				square[j] += xx
				for k := range p {
					want[j][k] += xx * p[k] / total * (1 - p[k]/total)
				}
			}
		}
		for j := range 4 {
			near(t, "squared error", float64(linear[j]), 2*square[j], 1e-4)
			for k := range 3 {
				near(t, "softmax", float64(got[3*j+k]), want[j][k], 0.25*want[j][k]+0.02)
			}
		}
		near(t, "squared error, bias", float64(tensors.MustCopyFlatData[float32](f["/task/sum/head/output/dense/biases"])[0]), 2, 1e-4)
	})
}
