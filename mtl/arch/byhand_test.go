package arch_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/arch"
)

// picture is [height, width, channels] by plain loops.
type picture struct {
	h, w, c int
	flat    []float64
}

func (p picture) at(i, j, c int) float64 {
	if i < 0 || j < 0 || i >= p.h || j >= p.w {
		return 0
	}
	return p.flat[(i*p.w+j)*p.c+c]
}

// convolve is a convolution with weights [kernel, kernel, in, out] and (kernel-1)/2 zeros around the picture.
func (p picture) convolve(weights, biases []float64, kernel, stride, out int) picture {
	q := picture{h: (p.h-1)/stride + 1, w: (p.w-1)/stride + 1, c: out}
	for i := range q.h {
		for j := range q.w {
			for o := range out {
				sum := biases[o]
				for ki := range kernel {
					for kj := range kernel {
						for c := range p.c {
							sum += p.at(i*stride+ki-(kernel-1)/2, j*stride+kj-(kernel-1)/2, c) * weights[((ki*kernel+kj)*p.c+c)*out+o]
						}
					}
				}
				q.flat = append(q.flat, sum)
			}
		}
	}
	return q
}

func (p picture) relu() picture {
	for i, v := range p.flat {
		p.flat[i] = max(v, 0)
	}
	return p
}

// In one stage of two units on a 7×6 map the first has stride 2.
func TestConvolutionsByHand(t *testing.T) {
	stage := []arch.Stage{{Channels: 3, Depth: 2, Stride: 2}}
	biased := func(scope *model.Scope) model.VariableInitializer { return initializeNormal(scope) }
	x := wave(1, 7, 6, 2)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		store := seeded(1)
		got := represent(t, backend, store, arch.Conv{Stages: stage, Initializer: biased}, false, x)
		conv := func(store *model.Store, p picture, path string, kernel, stride int) picture {
			return p.convolve(value(t, store, path+"/conv/weights"), value(t, store, path+"/conv/biases"), kernel, stride, 3)
		}
		p := picture{7, 6, 2, numbers(t, x)}
		want := conv(store, conv(store, p, "/stage_0/block_0", 3, 2).relu(), "/stage_0/block_1", 3, 1).relu()
		near(t, "conv", numbers(t, got), want.flat)

		store = seeded(1)
		got = represent(t, backend, store, arch.Residual{Stages: stage, Initializer: biased}, false, x)
		for i := range 2 {
			path, stride := []string{"/stage_0/block_0", "/stage_0/block_1"}[i], 2-i
			f := conv(store, conv(store, p, path+"/first", 3, stride).relu(), path+"/second", 3, 1)
			if i == 0 {
				p = conv(store, p, path+"/shortcut", 1, 2)
			}
			for k := range f.flat {
				f.flat[k] += p.flat[k]
			}
			p = f.relu()
		}
		near(t, "residual", numbers(t, got), p.flat)
		if v := store.GetVariable("/stage_0/block_1/shortcut/conv/weights"); v != nil {
			t.Errorf("the second block, which keeps the shape, has a shortcut of its own")
		}
	})
}

// initializeNormal gives biases too a random value, so that a forgotten one shows.
func initializeNormal(scope *model.Scope) model.VariableInitializer {
	return func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		return graph.MulScalar(scope.RandomNormal(g, shape), 0.3)
	}
}

// In training y = γ·x̂ + β with x̂ = (x-μ)/√(σ²+ε) and, for a loss Σ c·y over N rows,
// ∂/∂x = γ/√(σ²+ε) · (c - mean(c) - x̂·mean(c·x̂)), ∂/∂γ = Σ c·x̂, ∂/∂β = Σ c (Ioffe and Szegedy, section 3).
func TestBatchNormByHand(t *testing.T) {
	const rows, features, epsilon = 12, 3, 1e-3
	gamma, beta := []float64{1.5, -0.5, 2}, []float64{0.25, 1, -1}
	c := numbers(t, wave(rows*features))
	for i := range c {
		c[i] = math.Cos(float64(i * i))
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		store := model.NewStore()
		scope := store.Scope("/batch_normalization")
		scope.VariableWithValue("scale", []float32{1.5, -0.5, 2})
		scope.VariableWithValue("offset", []float32{0.25, 1, -1})
		averageMean, averageVariance := make([]float64, features), make([]float64, features)
		for step := range 3 {
			input := wave(2, 3, 2, features)
			x := numbers(t, input)
			for i := range x {
				x[i] = float64(float32(x[i]*(1+float64(step)) + float64(i%features)))
			}
			flat := make([]float32, len(x))
			weights := make([]float32, len(x))
			for i := range x {
				flat[i], weights[i] = float32(x[i]), float32(c[i])
			}
			inputs := []*tensors.Tensor{tensors.FromFlatDataAndDimensions(flat, 2, 3, 2, features), tensors.FromFlatDataAndDimensions(weights, 2, 3, 2, features)}
			outputs, err := execute(backend, store, inputs, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
				g := nodes[0].Graph()
				store.SetTraining(g, true)
				y := arch.BatchNorm(scope, nodes[0])
				of := func(name string) *graph.Node {
					return store.GetVariable("/batch_normalization/" + name).NodeValue(g)
				}
				return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Mul(y, nodes[1])), nodes[0], of("scale"), of("offset"))...)
			})
			check(t, err)

			y, dx := make([]float64, len(x)), make([]float64, len(x))
			dGamma, dBeta := make([]float64, features), make([]float64, features)
			for f := range features {
				mean, variance := 0.0, 0.0
				for i := f; i < len(x); i += features {
					mean += x[i] / rows
				}
				for i := f; i < len(x); i += features {
					variance += (x[i] - mean) * (x[i] - mean) / rows
				}
				deviation := math.Sqrt(variance + epsilon)
				for i := f; i < len(x); i += features {
					normal := (x[i] - mean) / deviation
					y[i] = gamma[f]*normal + beta[f]
					dBeta[f] += c[i]
					dGamma[f] += c[i] * normal
				}
				for i := f; i < len(x); i += features {
					normal := (x[i] - mean) / deviation
					dx[i] = gamma[f] / deviation * (c[i] - dBeta[f]/rows - normal*dGamma[f]/rows)
				}
				// Three steps are fewer than momentum 0.99 needs: the plain mean.
				averageMean[f] += (mean - averageMean[f]) / float64(step+1)
				averageVariance[f] += (variance - averageVariance[f]) / float64(step+1)
			}
			near(t, "output", numbers(t, outputs[0]), y)
			near(t, "gradient on x", numbers(t, outputs[1]), dx)
			near(t, "gradient on scale", numbers(t, outputs[2]), dGamma)
			near(t, "gradient on offset", numbers(t, outputs[3]), dBeta)
			near(t, "moving mean", value(t, store, "/batch_normalization/mean"), averageMean)
			near(t, "moving variance", value(t, store, "/batch_normalization/variance"), averageVariance)
		}
		trunk := arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node { return arch.BatchNorm(scope, inputs[0]) })
		x := wave(4, features)
		want := numbers(t, x)
		for i, v := range want {
			f := i % features
			want[i] = gamma[f]*(v-averageMean[f])/math.Sqrt(averageVariance[f]+epsilon) + beta[f]
		}
		near(t, "evaluation", numbers(t, represent(t, backend, store, trunk, false, x)), want)
	})
}
