package oracles_test

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
)

func TestLossesAgainstPyTorch(t *testing.T) {
	var fixture struct {
		Cases []struct {
			Name, Loss          string
			Delta               float64
			Predictions, Labels array
			Mask                *array
			Ignore              *int32
			Value               float64
			Gradient            array
		}
	}
	read(t, "losses.json", &fixture)
	if len(fixture.Cases) != 25 {
		t.Fatalf("got %d cases, want 25", len(fixture.Cases))
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, c := range fixture.Cases {
			t.Run(c.Name, func(t *testing.T) {
				fn := map[string]loss.LossFn{
					"cross_entropy":        mtl.CrossEntropy,
					"binary_cross_entropy": mtl.BinaryCrossEntropy,
					"squared_error":        mtl.SquaredError,
					"absolute_error":       mtl.AbsoluteError,
					"huber":                mtl.Huber(c.Delta),
				}[c.Loss]
				model := &mtl.Model{Tasks: []mtl.Task{{Name: "task", Loss: fn, IgnoreLabel: c.Ignore}}}
				inputs := []any{tensorOf[float32](c.Predictions), tensorOf[float32](c.Labels)}
				if c.Loss == "cross_entropy" {
					inputs[1] = tensorOf[int32](c.Labels)
				}
				if c.Mask != nil {
					inputs = append(inputs, boolTensor(*c.Mask))
				}
				outputs, err := graph.CallOnceN(b, func(nodes []*graph.Node) []*graph.Node {
					value := model.Loss(nodes[1:], nodes[:1])
					return []*graph.Node{value, graph.Gradient(value, nodes[0])[0]}
				}, inputs...)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "value", []float64{float64(tensors.ToScalar[float32](outputs[0]))}, []float64{c.Value}, 1e-6)
				near(t, "gradient", numbers(t, outputs[1]), c.Gradient.flat, 1e-6)
			})
		}
	})
}
