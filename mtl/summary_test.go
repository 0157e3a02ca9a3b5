package mtl_test

import (
	"fmt"
	"log"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

func inputs(dims ...int) *mtl.Split {
	return &mtl.Split{Inputs: []*tensors.Tensor{tensors.FromShape(shapes.Make(dtypes.Float32, dims...))}}
}

func ExampleSummarize() {
	m := &mtl.Model{
		Arch: arch.HardSharing{Trunk: arch.Conv{
			Stages:        []arch.Stage{{Channels: 16}, {Channels: 32, Stride: 2}},
			Normalization: arch.BatchNorm,
		}},
		Tasks: []mtl.Task{
			mtl.Classification("left digit", 10, mtl.WithHead(mtl.DenseHead{Hidden: []int{64}, Outputs: 10})),
			mtl.Segmentation("owner", 4, mtl.WithHead(mtl.PixelHead{Outputs: 4, Upsample: 2})),
		},
	}
	b, err := backend.Go()
	if err != nil {
		log.Fatal(err)
	}
	summary, err := mtl.Summarize(b, nil, m, inputs(100, 16, 24, 1))
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(summary.String()) {
		fmt.Println(strings.TrimRight(line, " \n"))
	}
	// Output:
	// layer                                       variables                                                            parameters  of
	// shared/stage_0/block_0/conv                 weights [3×3×1×16]                                                          144  shared
	// shared/stage_0/block_0/batch_normalization  scale [16], offset [16], mean [16], variance [16], avg_weight [16]           32  shared
	// shared/stage_1/block_0/conv                 weights [3×3×16×32]                                                       4,608  shared
	// shared/stage_1/block_0/batch_normalization  scale [32], offset [32], mean [32], variance [32], avg_weight [32]           64  shared
	// task/left digit/head/hidden_0/dense         weights [3072×64], biases [64]                                          196,672  left digit
	// task/left digit/head/output/dense           weights [64×10], biases [10]                                                650  left digit
	// task/owner/head/output/dense                weights [32×16], biases [16]                                                528  owner
	//
	// task        representation → predictions        parameters  kind
	// left digit  [batch×8×12×32] → [batch×10]           197,322  classification
	// owner       [batch×8×12×32] → [batch×16×24×4]          528  segmentation
	//
	// shared               4,848  2.4 %
	// of one task        197,850  97.6 %
	// total              202,698
	// not trained            144
}

// The three workloads whose parameters were counted for other frameworks.
func TestSummaryOfKnownModels(t *testing.T) {
	regressions := []mtl.Task{mtl.Regression("r0", 1), mtl.Regression("r1", 1), mtl.Regression("r2", 1), mtl.Regression("r3", 1)}
	classes := []mtl.Task{mtl.Classification("c0", 10), mtl.Classification("c1", 10), mtl.Classification("c2", 10), mtl.Classification("c3", 10)}
	cases := []struct {
		name  string
		trunk arch.Trunk
		tasks []mtl.Task
		split *mtl.Split
		total int
	}{
		{"conv", arch.Conv{Stages: []arch.Stage{{Channels: 32}, {Channels: 32, Stride: 2}, {Channels: 64}}}, []mtl.Task{
			mtl.Classification("image", 10, mtl.WithHead(mtl.DenseHead{Outputs: 10, Pool: mtl.SpatialMean})),
			mtl.Segmentation("pixels", 10, mtl.WithHead(mtl.NearestPixelHead{Outputs: 10, Upsample: 2})),
		}, inputs(64, 32, 32, 3), 29_940},
		{"wide", arch.Dense{Widths: []int{512, 512, 512}}, append(regressions, classes...), inputs(512, 256), 679_468},
		{"tiny", arch.Dense{Widths: []int{64}}, []mtl.Task{regressions[0], classes[0]}, inputs(32, 64), 4_875},
	}
	for _, c := range cases {
		s, err := mtl.Summarize(backendtest.Go(t), nil, &mtl.Model{Arch: arch.HardSharing{Trunk: c.trunk}, Tasks: c.tasks}, c.split)
		if err != nil {
			t.Fatal(err)
		}
		sum := s.Shared
		for _, task := range s.Tasks {
			sum += task.Parameters
		}
		if s.Total != c.total || sum != c.total || s.Fixed != 0 {
			t.Errorf("%s: total %d, shared and tasks %d, fixed %d; wanted %d, all trained", c.name, s.Total, sum, s.Fixed, c.total)
		}
	}
}

// byParameter reads its width from the store and has a variable outside the partition.
type byParameter struct{}

func (byParameter) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	width := model.GetParamOr(scope, "width", 2)
	stray := scope.At("stray").VariableWithShape("gain", shapes.Make(dtypes.Float32, 3)).NodeValue(inputs[0].Graph())
	x := graph.Mul(inputs[0], graph.InsertAxes(stray, 0))
	return []*graph.Node{arch.Dense{Widths: []int{width}}.Represent(scope.At(mtl.SharedScope), []*graph.Node{x})}
}

func TestSummaryTakesHyperparameters(t *testing.T) {
	store := model.NewStore()
	store.SetParam("width", 5)
	m := &mtl.Model{Arch: byParameter{}, Tasks: []mtl.Task{mtl.Regression("a/b", 1)}}
	s, err := mtl.Summarize(backendtest.Go(t), store, m, inputs(7, 3))
	if err != nil {
		t.Fatal(err)
	}
	if s.Total != 3+3*5+5+5+1 || s.Shared != 20 || s.Tasks[0].Parameters != 6 || s.Layers[0].Owner != "" {
		t.Errorf("%+v", s)
	}
	if !slices.Equal(s.Tasks[0].Representation, []int{1, 5}) || !slices.Equal(s.Tasks[0].Predictions, []int{1}) {
		t.Errorf("shapes %+v", s.Tasks[0])
	}
	if store.NumVariables() != 0 {
		t.Errorf("the store got %d variables", store.NumVariables())
	}
	if text := s.String(); !strings.Contains(text, "of neither") || !strings.Contains(text, "a/b") {
		t.Errorf("the table lacks the stray variable or the task:\n%s", text)
	}
}

func TestSummaryErrors(t *testing.T) {
	b := backendtest.Go(t)
	trunk := arch.HardSharing{Trunk: arch.Conv{Stages: []arch.Stage{{Channels: 4}}}}
	cases := []struct {
		m     *mtl.Model
		split *mtl.Split
		want  string
	}{
		{&mtl.Model{Arch: trunk}, inputs(2, 4, 4, 1), "no tasks"},
		{&mtl.Model{Arch: trunk, Tasks: []mtl.Task{mtl.Binary("a")}}, nil, "at least one example"},
		{&mtl.Model{Arch: trunk, Tasks: []mtl.Task{mtl.Binary("a")}}, inputs(2, 4), "[batch, height, width, channels]"},
	}
	for _, c := range cases {
		if _, err := mtl.Summarize(b, nil, c.m, c.split); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v; wanted one with %q", err, c.want)
		}
	}
}
