package mtl

import (
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
)

// directsByPart takes its direction from a part of the batch: all of it.
type directsByPart []float64

func (d directsByPart) Weights(s *Step) *graph.Node {
	w := graph.ConstAsDType(s.Graph(), s.Losses.DType(), []float64(d))
	s.SetDirection(Combine(w, s.Batch(0, 1).SharedGradients()))
	return w
}

// The gradients of a part of the batch are on the target of the method's gradients.
func TestPartsHaveTheTarget(t *testing.T) {
	w := []float64{0.5, 2, 3}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		want := takeSteps(t, b, waveModel(), constantWeights(w), 2)
		for _, target := range []Target{SharedParameters{}, LastSharedLayer{}, Under{Path: "shared/first"}, PerLayer{}} {
			wantClose(t, target.String(), takeSteps(t, b, waveModel(), Gradients{Method: directsByPart(w), Target: target}, 2), want, "/shared")
		}
	})
}

// onAPart directs by half a batch.
type onAPart struct{}

func (onAPart) Weights(s *Step) *graph.Node {
	s.SetDirection(s.Batch(0, 2).SharedGradients()[0])
	return s.Active
}

func TestPartsOfTheRepresentation(t *testing.T) {
	m := waveModel()
	w := Gradients{Method: onAPart{}, Target: Representation{}}
	trainer := train.NewTrainer(backendtest.Go(t), model.NewStore(), m.Graph, m.Loss, Optimizer(w, optimizer.Adam().Done()), nil, nil)
	_, err := trainer.TrainStep(waveBatch())
	if err == nil || !strings.Contains(err.Error(), "parts of the batch") {
		t.Errorf("error %v", err)
	}
}
