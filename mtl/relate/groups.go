package relate

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/affinity"
	"github.com/gomtl/gomtl/mtl/delta"
)

// Groups trains groups of tasks, to hold what a search predicted against what comes out.
type Groups struct {
	// Seeds of the runs of each group, over which losses are means; nil means FitOptions.Seed alone.
	Seeds []int64
}

// Measured is a grouping as it turned out.
type Measured struct {
	Grouping *affinity.Grouping `json:"grouping"`
	// Loss is each task's validation loss in the group that serves it, Alone that of a model of its own.
	Loss  map[string]float64 `json:"loss"`
	Alone map[string]float64 `json:"alone"`
	// Delta is Δm of the losses, task by task: above 0 where the groups are better.
	Delta delta.Delta `json:"delta"`
}

// Gain is 1 - loss/loss alone of a task.
func (m *Measured) Gain(task string) float64 { return 1 - m.Loss[task]/m.Alone[task] }

// Measure trains a model for each group of each grouping, and each task alone, as opts say, and compares them by the losses on data.Validation after the last step. A group that
// is in several groupings is trained once. opts.Store, RunDir and Observers must be empty.
func (g Groups) Measure(ctx context.Context, m *mtl.Model, data mtl.Data, opts mtl.FitOptions, groupings ...*affinity.Grouping) ([]*Measured, error) {
	if err := checkRuns(data, opts); err != nil {
		return nil, err
	}
	known := map[string]map[string]float64{}
	alone, err := g.alone(ctx, m, data, opts)
	if err != nil {
		return nil, err
	}
	var results []*Measured
	for _, grouping := range groupings {
		r := &Measured{Grouping: grouping, Loss: map[string]float64{}, Alone: alone}
		for _, group := range grouping.Groups {
			key := fmt.Sprintf("%q", group.Tasks)
			losses := known[key]
			if losses == nil {
				part, err := m.Only(group.Tasks...)
				if err != nil {
					return nil, err
				}
				if len(group.Tasks) == 1 {
					losses = alone
				} else if losses, err = g.losses(ctx, part, only(data, group.Tasks), opts); err != nil {
					return nil, fmt.Errorf("relate: group %q: %w", group.Tasks, err)
				}
				known[key] = losses
			}
			for _, name := range group.Serves {
				r.Loss[name] = losses[name]
			}
		}
		if r.Delta, err = compared(m, r.Loss, alone); err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

// Pairs trains each pair of tasks together, T·(T-1)/2 runs a seed: what task i does for task j is 1 - L_{j with i}/L_{j alone} (the pairs of Standley et al., "Which Tasks Should Be Learned Together in
// Multi-task Learning?", ICML 2020). It is what cheaper measures stand in for. opts are as in Measure.
func (g Groups) Pairs(ctx context.Context, m *mtl.Model, data mtl.Data, opts mtl.FitOptions) (*affinity.Matrix, error) {
	if err := checkRuns(data, opts); err != nil {
		return nil, err
	}
	alone, err := g.alone(ctx, m, data, opts)
	if err != nil {
		return nil, err
	}
	names := m.TaskNames()
	result := affinity.New("gain of training in pairs", false, names...)
	for j := range names {
		for i := range j {
			pair := []string{names[i], names[j]}
			part, err := m.Only(pair...)
			if err != nil {
				return nil, err
			}
			losses, err := g.losses(ctx, part, only(data, pair), opts)
			if err != nil {
				return nil, fmt.Errorf("relate: pair %q: %w", pair, err)
			}
			result.Values[i][j], result.Values[j][i] = 1-losses[names[j]]/alone[names[j]], 1-losses[names[i]]/alone[names[i]]
		}
	}
	return result, nil
}

func checkRuns(data mtl.Data, opts mtl.FitOptions) error {
	if data.Validation.Len() == 0 {
		return fmt.Errorf("relate: groups need Data.Validation to judge by")
	}
	if opts.Store != nil || opts.RunDir != "" || len(opts.Observers) > 0 {
		return fmt.Errorf("relate: groups make many runs: FitOptions.Store, RunDir and Observers must be empty")
	}
	return nil
}

// alone are the losses of all tasks in models of their own.
func (g Groups) alone(ctx context.Context, m *mtl.Model, data mtl.Data, opts mtl.FitOptions) (map[string]float64, error) {
	opts.Probes = nil // nothing is shared
	return g.losses(ctx, Separate(m), data, opts)
}

// losses are the validation losses of a model after the last step, the mean over the seeds, on one compilation.
func (g Groups) losses(ctx context.Context, m *mtl.Model, data mtl.Data, opts mtl.FitOptions) (losses map[string]float64, err error) {
	validation := data.Validation
	data.Validation = nil
	compiled, err := mtl.Compile(m, data, opts)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, compiled.Close()) }()
	evaluator, err := mtl.NewEvaluator(opts.Backend, m, validation)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, evaluator.Close()) }()
	seeds := g.Seeds
	if seeds == nil {
		seeds = []int64{opts.Seed}
	}
	losses = map[string]float64{}
	for _, seed := range seeds {
		store := model.NewStore()
		if _, err := compiled.Fit(ctx, mtl.RunOptions{Store: store, Seed: seed}); err != nil {
			return nil, err
		}
		evaluation, err := evaluator.Evaluate(ctx, store)
		if err != nil {
			return nil, err
		}
		for name, loss := range evaluation.Loss {
			losses[name] += loss / float64(len(seeds))
		}
	}
	return losses, nil
}

func only(data mtl.Data, names []string) mtl.Data {
	part := mtl.Data{Validation: data.Validation.Only(names...), Stream: data.Stream}
	if data.Train != nil {
		part.Train = data.Train.Only(names...)
	}
	return part
}

func compared(m *mtl.Model, losses, alone map[string]float64) (delta.Delta, error) {
	var rows []delta.Compared
	for _, name := range m.TaskNames() {
		if _, served := losses[name]; !served {
			return delta.Delta{}, fmt.Errorf("relate: no group serves task %q", name)
		}
		rows = append(rows, delta.Compared{Task: name, Metric: "loss", Value: losses[name], Baseline: alone[name]})
	}
	return delta.TaskMean(rows)
}
