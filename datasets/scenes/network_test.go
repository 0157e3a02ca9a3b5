package scenes_test

import (
	"context"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/datasets/scenes"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// The numbers of parameters are those of the network that the figures in the documentation are of.
func TestParameters(t *testing.T) {
	set, err := scenes.New(small(scenes.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	for names, want := range map[string]int{"cls": 53060, "seg": 86228, "cls,seg": 92616} {
		m, err := scenes.Model(strings.Split(names, ",")...)
		if err != nil {
			t.Fatal(err)
		}
		summary, err := mtl.Summarize(backendtest.Go(t), nil, m, set.Train)
		if err != nil {
			t.Fatal(err)
		}
		if summary.Total != want || summary.Shared != 46672 {
			t.Errorf("%s: %d parameters, %d of them shared; want %d and 46672", names, summary.Total, summary.Shared, want)
		}
	}
	if set, err = scenes.New(scenes.Config{Train: 1, Validation: 1, Test: 1, Size: 20}); err != nil {
		t.Fatal(err)
	}
	m, err := scenes.Model()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mtl.Summarize(backendtest.Go(t), nil, m, set.Train); err == nil || !strings.Contains(err.Error(), "mtl: scenes.Network") || !strings.Contains(err.Error(), "[1, 20, 20, 3]") {
		t.Errorf("error %v of pictures of 20 pixels", err)
	}
	if _, err := scenes.Model("cls", "shape"); err == nil || !strings.HasPrefix(err.Error(), "scenes: ") || !strings.Contains(err.Error(), "texture") {
		t.Errorf("error %v, want one with the names of the tasks", err)
	}
}

// grid is a feature map of one example.
type grid struct {
	side, channels int
	values         []float64
}

func (g grid) at(y, x, c int) float64 {
	if y < 0 || x < 0 || y >= g.side || x >= g.side {
		return 0
	}
	return g.values[(y*g.side+x)*g.channels+c]
}

// network computes the features of a Network, written a second time, from the variables by path: [128] for "cls" and [s/2, s/2, 16] for "seg".
func network(picture grid, variables map[string][]float64) (cls []float64, seg grid) {
	layer := func(in grid, path string, channels, stride int) grid {
		path += "/stage_0/block_0/conv/"
		weights, biases := variables[path+"weights"], variables[path+"biases"]
		out := grid{side: in.side / stride, channels: channels}
		for y := range out.side {
			for x := range out.side {
				for c := range channels {
					sum := biases[c]
					for k := range 9 {
						for i := range in.channels {
							sum += in.at(y*stride+k/3-1, x*stride+k%3-1, i) * weights[(k*in.channels+i)*channels+c]
						}
					}
					out.values = append(out.values, max(sum, 0))
				}
			}
		}
		return out
	}
	enlargedBeside := func(small, large grid) grid {
		out := grid{side: large.side, channels: small.channels + large.channels}
		for y := range out.side {
			for x := range out.side {
				for c := range small.channels {
					out.values = append(out.values, small.at(y/2, x/2, c))
				}
				for c := range large.channels {
					out.values = append(out.values, large.at(y, x, c))
				}
			}
		}
		return out
	}
	scaled := grid{side: picture.side, channels: picture.channels}
	for _, v := range picture.values {
		scaled.values = append(scaled.values, (v-0.4)*4)
	}
	a := layer(scaled, "/shared/a", 16, 2)
	b := layer(a, "/shared/b", 32, 2)
	c := layer(b, "/shared/c", 48, 1)
	d := layer(c, "/shared/d", 64, 2)
	cls = make([]float64, 128)
	for i, v := range d.values {
		cls[i%64] += v / float64(d.side*d.side)
		cls[64+i%64] = max(cls[64+i%64], v) // Nothing is below 0 after ReLU.
	}
	e := layer(enlargedBeside(d, c), "/task/seg/decoder/e", 32, 1)
	return cls, layer(enlargedBeside(e, a), "/task/seg/decoder/f", 16, 1)
}

// Features and their gradients, on both backends, are those of the network written again in loops, and of finite differences of it.
func TestNetwork(t *testing.T) {
	const side = 16
	picture := grid{side: side, channels: 3}
	for i := range side * side * 3 {
		picture.values = append(picture.values, 0.5+0.5*math.Sin(1.7*float64(i)+math.Cos(0.3*float64(i))))
	}
	m, err := scenes.Model("cls", "seg")
	if err != nil {
		t.Fatal(err)
	}
	wave := func(i int) float64 { return math.Sin(2.3 * float64(i)) } // the cotangents
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		store := model.NewStore()
		store.SetParam(model.ParamInitialSeed, int64(3))
		input := tensors.FromShape(tensors.FromFlatDataAndDimensions(make([]float32, side*side*3), 1, side, side, 3).Shape())
		tensors.MustMutableFlatData(input, func(flat []float32) {
			for i := range flat {
				flat[i] = float32(picture.values[i])
			}
		})
		var paths []string
		exec, err := model.NewExec(b, store, func(scope *model.Scope, x *graph.Node) []*graph.Node {
			outputs := m.Arch.Features(scope, []*graph.Node{x}, m.Tasks)
			var objective *graph.Node
			for _, f := range outputs {
				cotangent := make([]float32, f.Shape().Size())
				for i := range cotangent {
					cotangent[i] = float32(wave(i))
				}
				term := graph.ReduceAllSum(graph.Mul(graph.Reshape(f, -1), graph.Const(x.Graph(), cotangent)))
				if objective == nil {
					objective = term
				} else {
					objective = graph.Add(objective, term)
				}
			}
			paths = nil
			var nodes []*graph.Node
			for v := range store.IterVariables() {
				if v.Trainable {
					paths, nodes = append(paths, v.Path()), append(nodes, v.NodeValue(x.Graph()))
				}
			}
			return append(outputs, graph.Gradient(objective, nodes...)...)
		})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		outputs, err := exec.Call(input)
		if err != nil {
			t.Fatal(err)
		}
		variables := map[string][]float64{}
		for v := range store.IterVariables() {
			if v.Trainable {
				variables[v.Path()] = doubles(t, v.MustValue())
			}
		}
		cls, seg := network(picture, variables)
		near(t, "cls", doubles(t, outputs[0]), cls)
		near(t, "seg", doubles(t, outputs[1]), seg.values)
		objective := func() (sum float64) {
			cls, seg := network(picture, variables)
			for _, values := range [][]float64{cls, seg.values} {
				for i, v := range values {
					sum += v * wave(i)
				}
			}
			return sum
		}
		if len(paths) != 12 {
			t.Fatalf("trainable variables %q, want 12", paths)
		}
		for k, path := range paths {
			gradient, values := doubles(t, outputs[2+k]), variables[path]
			for _, i := range []int{0, len(values) / 2, len(values) - 1} {
				const h = 1e-6
				old := values[i]
				values[i] = old + h
				above := objective()
				values[i] = old - h
				below := objective()
				values[i] = old
				if want := (above - below) / (2 * h); math.Abs(gradient[i]-want) > 2e-4*(1+math.Abs(want)) {
					t.Errorf("gradient %d of %s is %v, want %v", i, path, gradient[i], want)
				}
			}
		}
	})
}

func doubles(t *testing.T, from *tensors.Tensor) []float64 {
	t.Helper()
	flat, err := tensors.CopyFlatData[float32](from)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(flat))
	for i, v := range flat {
		out[i] = float64(v)
	}
	return out
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > 2e-5*(1+math.Abs(want[i])) {
			t.Fatalf("value %d of %s is %v, want %v", i, what, got[i], want[i])
		}
	}
}

// All six tasks train together on either backend, on scenes of several objects with void pixels: every loss falls.
func TestAllTasksTrain(t *testing.T) {
	config := scenes.Config{Train: 4, Validation: 1, Test: 1, Size: 16, Objects: 4, Near: 1.3, Boundary: true}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		set, err := scenes.New(config)
		if err != nil {
			t.Fatal(err)
		}
		m, err := scenes.Model()
		if err != nil {
			t.Fatal(err)
		}
		h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: set.Train}, mtl.FitOptions{Backend: b, Steps: 20, BatchSize: 4, LearningRate: 5e-3, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range set.TaskNames() {
			losses := h.Loss(history.Train, name).Values
			if first, last := losses[0], losses[len(losses)-1]; !(last < 0.9*first) {
				t.Errorf("%s: the loss goes from %.3f to %.3f", name, first, last)
			}
		}
	})
}
