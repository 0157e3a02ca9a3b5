package relate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/affinity"
)

// Transfer measures what the trunk of each task's model does for each other task: it starts the target's model with the source's trunk and a new head, and trains it on the target's labels, of which
// there should be few (Zamir et al., "Taskonomy: Disentangling Task Transfer Learning", CVPR 2018, section 3.2). All pairs take T runs of T models each, on one compilation.
type Transfer struct {
	// Frozen keeps the source's trunk as it is: only the head is trained.
	Frozen bool
	// Blocks is the number of parts of the validation data on which sources are compared with one another, for Normalized; 0 means 20.
	Blocks int
}

// Transferred is what Transfer measured.
type Transferred struct {
	// Gain is 1 - L_{i→j}/L_j, with L_{i→j} the validation loss of task j from the trunk of i and L_j that from scratch, both on the few labels. On the diagonal is the task's own trunk.
	Gain *affinity.Matrix
	// Loss is L_{i→j}, Scratch L_j.
	Loss    *affinity.Matrix
	Scratch []float64
	blocks  [][][]float64 // losses by source, target and block
}

// Measure takes the sources' models from sources, a store of Separate(m). data holds the targets' few labels, and its Validation, which must be labelled everywhere, judges. All runs
// are trained as opts say, whose Store, RunDir, Observers and Probes must be empty. Steps should be few too: with few labels, long fine-tuning forgets the source.
func (t Transfer) Measure(ctx context.Context, m *mtl.Model, sources *model.Store, data mtl.Data, opts mtl.FitOptions) (*Transferred, error) {
	if data.Validation.Len() == 0 {
		return nil, fmt.Errorf("relate: transfer needs Data.Validation to judge by")
	}
	if opts.Store != nil || opts.RunDir != "" || len(opts.Observers) > 0 || len(opts.Probes) > 0 {
		return nil, fmt.Errorf("relate: transfer makes many runs: FitOptions.Store, RunDir, Observers and Probes must be empty")
	}
	names := m.TaskNames()
	for _, name := range names {
		for _, other := range names {
			if err := sameTrunks(sources, name, other); err != nil {
				return nil, err
			}
		}
	}
	blocks := t.Blocks
	if blocks == 0 {
		blocks = 20
	}
	separate := Separate(m)
	judge, err := newBlockLosses(opts.Backend, separate, data.Validation, blocks)
	if err != nil {
		return nil, err
	}
	defer judge.close()
	data.Validation = nil // only the last step counts
	result := &Transferred{
		Gain: affinity.New("transfer: 1 - loss / loss from scratch", false, names...),
		Loss: affinity.New("validation loss after transfer", false, names...),
	}
	if err := result.scratch(ctx, separate, data, opts, judge); err != nil {
		return nil, err
	}
	return result, t.all(ctx, separate, sources, data, opts, judge, result)
}

// scratch trains all targets without a source.
func (r *Transferred) scratch(ctx context.Context, separate *mtl.Model, data mtl.Data, opts mtl.FitOptions, judge *blockLosses) error {
	opts.Store = model.NewStore()
	if _, err := mtl.Fit(ctx, separate, data, opts); err != nil {
		return err
	}
	losses, err := judge.of(ctx, opts.Store)
	if err != nil {
		return err
	}
	for _, blocks := range losses {
		r.Scratch = append(r.Scratch, mean(blocks))
	}
	return nil
}

// all gives, in run k, target j the trunk of source j+k.
func (t Transfer) all(ctx context.Context, separate *mtl.Model, sources *model.Store, data mtl.Data, opts mtl.FitOptions, judge *blockLosses, r *Transferred) (err error) {
	names := separate.TaskNames()
	opts.Store = model.NewStore()
	if t.Frozen {
		for _, name := range names {
			mtl.Freeze(opts.Store, trunkPath(name))
		}
	}
	compiled, err := mtl.Compile(separate, data, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, compiled.Close()) }()
	for range names {
		r.blocks = append(r.blocks, make([][]float64, len(names)))
	}
	for shift := range names {
		store := model.NewStore()
		for j, target := range names {
			if err := copyTrunk(store, target, sources, names[(j+shift)%len(names)]); err != nil {
				return err
			}
		}
		if _, err := compiled.Fit(ctx, mtl.RunOptions{Store: store}); err != nil {
			return err
		}
		losses, err := judge.of(ctx, store)
		if err != nil {
			return err
		}
		for j := range names {
			i := (j + shift) % len(names)
			r.blocks[i][j] = losses[j]
			r.Loss.Values[i][j] = mean(losses[j])
			r.Gain.Values[i][j] = 1 - r.Loss.Values[i][j]/r.Scratch[j]
		}
	}
	return nil
}

// Normalized are the affinities of Taskonomy (Zamir et al. 2018, section 3.3; the analytic hierarchy process of Saaty): for each target, w_ab is the share of the blocks of validation data on which source a
// does better than source b, within 0.001 and 0.999, and the affinities of the sources are the principal eigenvector of the matrix w_ab/w_ba, whose sum is 1. It does not depend on the scales of the losses. The
// target's own trunk does not take part.
func (r *Transferred) Normalized() *affinity.Matrix {
	n := len(r.Loss.Tasks)
	m := affinity.New("transfer, normalised: AHP", false, r.Loss.Tasks...)
	for j := range n {
		var sources []int
		for i := range n {
			if i != j {
				sources = append(sources, i)
			}
		}
		ratio := make([][]float64, len(sources))
		for a, i := range sources {
			for _, k := range sources {
				better, count := 0.0, float64(len(r.blocks[i][j]))
				for block, loss := range r.blocks[i][j] {
					switch other := r.blocks[k][j][block]; {
					case loss < other:
						better++
					case loss == other:
						better += 0.5
					}
				}
				w := math.Max(0.001, math.Min(0.999, better/count))
				ratio[a] = append(ratio[a], w/(1-w))
			}
		}
		for a, v := range principal(ratio) {
			m.Values[sources[a]][j] = v
		}
	}
	return m
}

// principal is the eigenvector of the largest eigenvalue of a matrix with entries above 0, with the sum 1, by the power method.
func principal(matrix [][]float64) []float64 {
	v := make([]float64, len(matrix))
	for i := range v {
		v[i] = 1 / float64(len(v))
	}
	for range 10_000 {
		next, sum, moved := make([]float64, len(v)), 0.0, 0.0
		for i, row := range matrix {
			next[i] = dot(row, v)
			sum += next[i]
		}
		for i := range next {
			next[i] /= sum
			moved += math.Abs(next[i] - v[i])
		}
		if v = next; moved < 1e-14 {
			break
		}
	}
	return v
}

// sameTrunks tells what keeps the trunk of one task from serving another.
func sameTrunks(store *model.Store, a, b string) error {
	from, to := trunkPath(a)+"/", trunkPath(b)+"/"
	count := 0
	for v := range store.IterVariables() {
		rest, found := strings.CutPrefix(v.Path(), from)
		if !found {
			continue
		}
		count++
		if other := store.GetVariable(to + rest); other == nil || !other.Shape().Equal(v.Shape()) {
			return fmt.Errorf("relate: the trunk of task %q has a variable %q %s that the trunk of %q has not: want the same trunk for all tasks", a, rest, v.Shape(), b)
		}
	}
	if count == 0 {
		return fmt.Errorf("relate: the sources have no variables under %q: want a store that relate.Separate(m) was trained on, or relate.Join", from)
	}
	return nil
}

func copyTrunk(store *model.Store, target string, sources *model.Store, source string) error {
	from := trunkPath(source) + "/"
	for v := range sources.IterVariables() {
		if rest, found := strings.CutPrefix(v.Path(), from); found {
			if err := setVariable(store, trunkPath(target)+"/"+rest, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func mean(values []float64) (m float64) {
	for _, v := range values {
		m += v / float64(len(values))
	}
	return m
}
