package relate_test

import (
	"context"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/relatedtasks"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/affinity"
	"github.com/gomtl/gomtl/mtl/relate"
)

// current is a stream of the full batch of the split of the moment: one compilation for all sets of tasks.
type current struct {
	split *mtl.Split
	tasks []mtl.Task
}

func (c *current) Name() string { return "current" }

func (c *current) Iter() iter.Seq2[train.Batch, error] {
	return c.split.Batches("current", c.tasks, c.split.Len(), 1).Iter()
}

// Active subspaces rank the known overlap of tasks, and recover clusters of tasks in 9 of 10 sets. benchmarks/relate has the same for all measures, on more seeds.
func TestActiveSubspacesRecoverRelatedness(t *testing.T) {
	ctx, b := context.Background(), backendtest.XLA(t)
	m, err := relatedtasks.Model(relatedtasks.Config{})
	if err != nil {
		t.Fatal(err)
	}
	data := &current{tasks: m.Tasks}
	var compiled *mtl.Compiled
	defer func() {
		if compiled != nil {
			_ = compiled.Close()
		}
	}()
	measure := func(c relatedtasks.Config) *affinity.Matrix {
		t.Helper()
		c.Train = 800
		set, err := relatedtasks.New(c)
		if err != nil {
			t.Fatal(err)
		}
		same, err := relatedtasks.Common(c, 200)
		if err != nil {
			t.Fatal(err)
		}
		data.split = set.Train
		if compiled == nil {
			if compiled, err = mtl.Compile(relate.Separate(m), mtl.Data{Stream: data}, mtl.FitOptions{
				Backend: b, Steps: 400, Log: quiet, Optimizer: optimizer.Adam().LearningRate(1e-2).WeightDecay(1e-2).Done(),
			}); err != nil {
				t.Fatal(err)
			}
		}
		store := model.NewStore()
		if _, err := compiled.Fit(ctx, mtl.RunOptions{Store: store, Seed: int64(c.Seed) + 1}); err != nil {
			t.Fatal(err)
		}
		// The pure-Go backend has nothing to compile.
		for v := range store.IterVariables() {
			if err := v.MustValue().ToLocal(); err != nil {
				t.Fatal(err)
			}
		}
		matrix, err := relate.ActiveSubspaces{}.Measure(ctx, backendtest.Go(t), store, relate.Separate(m), same.Inputs...)
		if err != nil {
			t.Fatal(err)
		}
		return matrix
	}

	rhos := []float64{0, 0.25, 0.5, 0.75, 0.9, 1}
	var means []float64
	for _, rho := range rhos {
		pairs := measure(relatedtasks.Config{Seed: 7, Overlap: rho}).Pairs()
		sum := 0.0
		for _, v := range pairs {
			sum += v
		}
		means = append(means, sum/float64(len(pairs)))
	}
	rank, err := affinity.Spearman(rhos, means)
	if err != nil || rank < 0.9 {
		t.Errorf("overlaps %v have means %.3f: a rank correlation of %v, %v; wanted 0.9 or more", rhos, means, rank, err)
	}

	recovered := 0
	for seed := range uint64(10) {
		clusters := measure(relatedtasks.Config{Seed: 20 + seed, Overlap: 1, Clusters: []int{4, 4}}).Clusters(2)
		right := len(clusters[0]) == 4
		for _, i := range clusters[0] {
			right = right && i/4 == clusters[0][0]/4
		}
		if right {
			recovered++
		} else {
			t.Logf("seed %d: clusters %v", seed, clusters)
		}
	}
	if recovered < 9 {
		t.Errorf("the clusters of %d of 10 sets were recovered; wanted 9 or more", recovered)
	}
	t.Logf("means %.3f, rank correlation %v; %d of 10 recovered", means, rank, recovered)
}

func related(t *testing.T, c relatedtasks.Config) (*mtl.Model, *datasets.Set) {
	t.Helper()
	set, err := relatedtasks.New(c)
	if err != nil {
		t.Fatal(err)
	}
	m, err := relatedtasks.Model(c)
	if err != nil {
		t.Fatal(err)
	}
	return m, set
}

// With frozen trunks of two clusters, each task has most from a task of its own cluster; the target's own trunk is better than a strange one.
func TestTransfer(t *testing.T) {
	ctx, b := context.Background(), backendtest.Go(t)
	m, set := related(t, relatedtasks.Config{Tasks: 4, Clusters: []int{2, 2}, Overlap: 1, Inputs: 10, Features: 2, Train: 200, Validation: 200, Test: 20})
	opts := mtl.FitOptions{Backend: b, Steps: 250, BatchSize: 200, LearningRate: 0.02, Log: quiet, Store: model.NewStore()}
	if _, err := mtl.Fit(ctx, relate.Separate(m), mtl.Data{Train: set.Train}, opts); err != nil {
		t.Fatal(err)
	}
	sources := opts.Store
	few, err := datasets.Take(set.Test, 15)
	if err != nil {
		t.Fatal(err)
	}
	opts.Store, opts.Steps = nil, 150
	for _, frozen := range []bool{true, false} {
		r, err := relate.Transfer{Frozen: frozen}.Measure(ctx, m, sources, mtl.Data{Train: few, Validation: set.Validation}, opts)
		if err != nil {
			t.Fatal(err)
		}
		for i, target := range m.TaskNames() {
			mate := m.TaskNames()[i^1]
			if from := r.Gain.From(target); frozen && from[0] != mate {
				t.Errorf("%s has most from %s, of another cluster: %v", target, from[0], r.Gain)
			}
			if own, best := r.Gain.Of(target, target), r.Gain.Of(m.TaskNames()[i^2], target); frozen && own < best {
				t.Errorf("%s gains %v from its own trunk and %v from one of another cluster", target, own, best)
			}
			sum := 0.0
			for _, row := range r.Normalized().Values {
				sum += row[i]
			}
			if math.Abs(sum-1) > 1e-9 {
				t.Errorf("the normalised affinities for %s sum up to %v", target, sum)
			}
		}
	}
	if _, err := (relate.Transfer{}).Measure(ctx, m, model.NewStore(), mtl.Data{Train: few, Validation: set.Validation}, opts); err == nil || !strings.Contains(err.Error(), "relate.Separate") {
		t.Errorf("error %v", err)
	}
}

// Groups are what training them by hand gives.
func TestGroups(t *testing.T) {
	ctx, b := context.Background(), backendtest.Go(t)
	m, set := related(t, relatedtasks.Config{Tasks: 3, Overlap: 1, Inputs: 6, Features: 2, Train: 60, Validation: 40, Test: 5})
	data := mtl.Data{Train: set.Train, Validation: set.Validation}
	opts := mtl.FitOptions{Backend: b, Steps: 40, BatchSize: 60, LearningRate: 0.02, Log: quiet}
	pair := []string{"task1", "task3"}
	byHand, err := m.Only(pair...)
	if err != nil {
		t.Fatal(err)
	}
	own := opts
	own.Store = model.NewStore()
	if _, err := mtl.Fit(ctx, byHand, mtl.Data{Train: set.Train.Only(pair...)}, own); err != nil {
		t.Fatal(err)
	}
	want, err := mtl.Evaluate(ctx, b, own.Store, byHand, set.Validation.Only(pair...))
	if err != nil {
		t.Fatal(err)
	}
	grouping := &affinity.Grouping{Groups: []affinity.Group{{Tasks: pair, Serves: pair}, {Tasks: []string{"task2"}, Serves: []string{"task2"}}}}
	measured, err := relate.Groups{}.Measure(ctx, m, data, opts, grouping, grouping)
	if err != nil {
		t.Fatal(err)
	}
	r := measured[0]
	for _, name := range pair {
		if math.Abs(r.Loss[name]-want.Loss[name]) > 1e-6 {
			t.Errorf("%s: loss %v in its group; wanted %v", name, r.Loss[name], want.Loss[name])
		}
	}
	if r.Loss["task2"] != r.Alone["task2"] || r.Gain("task2") != 0 {
		t.Errorf("task2 has the loss %v in a group of its own and %v alone", r.Loss["task2"], r.Alone["task2"])
	}
	if d := 100 * (r.Gain("task1") + r.Gain("task3")) / 3; math.Abs(d-r.Delta.Percent) > 1e-9 {
		t.Errorf("Δm %v; wanted %v", r.Delta.Percent, d)
	}
	pairs, err := relate.Groups{Seeds: []int64{1}}.Pairs(ctx, m, data, opts)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := pairs.Of("task1", "task3"), r.Gain("task3"); math.Abs(got-want) > 1e-6 {
		t.Errorf("task1 does %v for task3 in a pair; wanted %v", got, want)
	}
	grouping.Groups = slices.Delete(grouping.Groups, 1, 2)
	if _, err := (relate.Groups{}).Measure(ctx, m, data, opts, grouping); err == nil || !strings.Contains(err.Error(), "task2") {
		t.Errorf("error %v", err)
	}
}
