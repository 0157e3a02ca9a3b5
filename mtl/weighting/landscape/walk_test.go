package landscape_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
	"github.com/gomtl/gomtl/mtl/weighting/landscape"
)

// The first steps of Adam are 0.001 in the sign of each slope.
func TestFirstStep(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		paths, err := landscape.Walk{Steps: 1}.Run(context.Background(), b, landscape.Starts()...)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			g, h := landscape.Problem{}.Gradients(path[0][0], path[0][1])
			for k := range g {
				if want := path[0][k] - math.Copysign(0.001, g[k]+h[k]); !near(path[1][k], want, 1e-8) {
					t.Errorf("from %v to %v; want %v in coordinate %d", path[0], path[1], want, k)
				}
			}
		}
	})
}

// A method with solvers and memory walks the same way on both backends, whatever was walked before and however often it is looked at.
func TestWalksAreTheirOwn(t *testing.T) {
	method := weighting.Smoothed{Method: weighting.NashMTL{}}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		starts := landscape.Starts()
		together, err := landscape.Walk{Method: method, Steps: 25, Every: 10}.Run(context.Background(), b, starts[2:]...)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := landscape.Walk{Method: method, Steps: 25, Every: 25}.Run(context.Background(), b, starts[4])
		if err != nil {
			t.Fatal(err)
		}
		if len(together[2]) != 4 || len(alone[0]) != 2 || together[2][3] != alone[0][1] {
			t.Errorf("together %v, alone %v; want the same end after 0, 10, 20 and 25 steps, and after 0 and 25", together[2], alone[0])
		}
	})
}

// Fit trains the same model along the same path.
func TestFitWalksTheSamePath(t *testing.T) {
	b, start := backendtest.XLA(t), landscape.Starts()[2]
	paths, err := landscape.Walk{Method: weighting.MGDA{}, Steps: 300}.Run(context.Background(), b, start)
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	_, err = mtl.Fit(context.Background(), landscape.Problem{}.Model(start), mtl.Data{Train: landscape.Examples()},
		mtl.FitOptions{Backend: b, Store: store, Steps: 300, Weighting: weighting.MGDA{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	got, want := tensors.MustCopyFlatData[float64](store.GetVariable("/shared/theta").MustValue()), paths[0][len(paths[0])-1]
	// Fit's Adam is GoMLX's, whose epsilon is 1e-7, and its learning rate is a float32.
	if !near(got[0], want[0], 1e-6) || !near(got[1], want[1], 1e-6) {
		t.Errorf("Fit ends at %v, Walk at %v", got, want)
	}
}

func TestWalkRefuses(t *testing.T) {
	b := backendtest.Go(t)
	if _, err := (landscape.Walk{Steps: -1}).Run(context.Background(), b, landscape.Starts()...); err == nil || !strings.Contains(err.Error(), "-1 steps") {
		t.Errorf("-1 steps: %v", err)
	}
	if _, err := (landscape.Walk{Method: broken{}}).Run(context.Background(), b, landscape.Starts()...); err == nil || !strings.Contains(err.Error(), "wanted [2]") {
		t.Errorf("a method with one weight for two tasks: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (landscape.Walk{}).Run(ctx, b, landscape.Starts()...); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context: %v", err)
	}
}

// broken returns one weight whatever the number of tasks.
type broken struct{}

func (broken) Weights(s *mtl.Step) *graph.Node { return graph.Const(s.Graph(), []float64{1}) }
