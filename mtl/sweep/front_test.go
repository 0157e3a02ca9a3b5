package sweep_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"os"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
	"github.com/gomtl/gomtl/mtl/weighting/landscape"
)

var quiet = slog.New(slog.DiscardHandler)

// fronts are problems whose Pareto front is known: benchmarks/oracles/sweep.
type fronts struct {
	Inputs   [][]float32  `json:"inputs"`
	Targets  [][2]float32 `json:"targets"`
	Problems []struct {
		Name        string    `json:"name"`
		Reference   []float64 `json:"reference"`
		Hypervolume float64   `json:"hypervolume"`
	} `json:"problems"`
}

func readFronts(t *testing.T) *fronts {
	t.Helper()
	data, err := os.ReadFile("testdata/fronts.json")
	if err != nil {
		t.Fatal(err)
	}
	f := &fronts{}
	if err := json.Unmarshal(data, f); err != nil {
		t.Fatal(err)
	}
	return f
}

// line is one linear predictor for all tasks.
type line struct{}

func (line) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	x := inputs[0]
	theta := scope.At(mtl.SharedScope).VariableWithShape("theta", shapes.Make(x.DType(), x.Shape().Dim(1), 1)).NodeValue(x.Graph())
	features := make([]*graph.Node, len(tasks))
	for i := range features {
		features[i] = graph.Reshape(graph.MatMul(x, theta), -1)
	}
	return features
}

func identity(_ *model.Scope, features *graph.Node) *graph.Node { return features }

// regressions is the model of two linear regressions with the same parameters, and its data.
func (f *fronts) regressions() (*mtl.Model, mtl.Data) {
	split := &mtl.Split{Inputs: []*tensors.Tensor{tensors.FromValue(f.Inputs)}, Labels: map[string]*tensors.Tensor{}}
	m := &mtl.Model{Arch: line{}}
	for k, name := range []string{"first", "second"} {
		y := make([]float32, len(f.Targets))
		for i := range y {
			y[i] = f.Targets[i][k]
		}
		split.Labels[name] = tensors.FromValue(y)
		m.Tasks = append(m.Tasks, mtl.Regression(name, 1, mtl.WithHead(mtl.HeadFunc(identity))))
	}
	return m, mtl.Data{Train: split, Validation: split}
}

// The front that an adaptive sweep finds dominates all but 1 % of what the true front dominates.
func TestKnownFronts(t *testing.T) {
	known := readFronts(t)
	for i, problem := range []struct {
		build func() (*mtl.Model, mtl.Data)
		steps int
	}{
		{known.regressions, 400},
		{toy, 1500},
	} {
		want := known.Problems[i]
		t.Run(want.Name, func(t *testing.T) {
			backendtest.Each(t, func(t *testing.T, b compute.Backend) {
				m, data := problem.build()
				found, err := sweep.Run(context.Background(), m, data, sweep.Options{
					Fit: mtl.FitOptions{
						Backend: b, Steps: problem.steps, BatchSize: 64, LearningRate: 0.1, Schedule: mtl.Cosine{}, ValidateEvery: problem.steps,
					},
					Settings:   sweep.LogRatio("second", 1e-3, 1e3, 5),
					Objectives: []study.Objective{{Task: "first"}, {Task: "second"}},
					Adaptive:   &sweep.Adaptive{Settings: 48},
					Reference:  want.Reference, NoBaselines: true, Log: quiet,
				})
				if err != nil {
					t.Fatal(err)
				}
				groups := found.Groups()
				volume, _, err := found.Hypervolume(groups)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%d settings, %d on the front: hypervolume %.5f of %.5f", len(groups), len(found.Front(groups)), volume, want.Hypervolume)
				if share := volume / want.Hypervolume; math.Abs(share-1) > 0.01 {
					t.Errorf("hypervolume %v, %.2f %% of the true %v", volume, 100*share, want.Hypervolume)
				}
				if found.Compilations != 1 {
					t.Errorf("%d compilations; wanted 1", found.Compilations)
				}
			})
		})
	}
}

// toy is the problem with two parameters of package landscape, from a point beside its Pareto set.
func toy() (*mtl.Model, mtl.Data) {
	return landscape.Problem{}.Model([2]float64{0, -8}), mtl.Data{Train: landscape.Examples(), Validation: landscape.Examples()}
}
