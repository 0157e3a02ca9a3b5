// Command relate holds the measures of mtl/relate against tasks whose relatedness is known (datasets/relatedtasks), over several overlaps and in clusters, and prints the table of docs/relatedness.md:
//
//	go run ./benchmarks/relate
//
// Each seed is other tasks, data and initial weights. What takes a compilation for each set of tasks (measures while training, transfer) is measured on fewer seeds.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"iter"
	"log"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/relatedtasks"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/affinity"
	"github.com/gomtl/gomtl/mtl/metric"
	"github.com/gomtl/gomtl/mtl/relate"
)

func main() {
	seeds := flag.Int("seeds", 10, "how many seeds")
	slow := flag.Int("slow", 3, "how many of them for gradients, look-ahead and transfer; 0 leaves these out")
	rows := flag.Int("n", 800, "training examples of each task")
	steps := flag.Int("steps", 400, "full-batch steps")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b, err := backend.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	began := time.Now()
	s := &study{b: b, rows: *rows, steps: *steps, slow: *slow}
	if err := s.overlaps(ctx, *seeds); err != nil {
		log.Fatal(err)
	}
	if err := s.clusters(ctx, *seeds); err != nil {
		log.Fatal(err)
	}
	if err := s.alone.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("\n%d seeds (%d for gradients, look-ahead and transfer), %d examples, %d steps: %.0f s on %s\n", *seeds, *slow, s.rows, s.steps, time.Since(began).Seconds(), backend.Describe(b))
}

// study is the setting of all runs.
type study struct {
	b           compute.Backend
	rows, steps int
	slow        int
	data        current
	alone       *mtl.Compiled // single-task models, for all sets of tasks
}

// current is a stream of full batches of the split of the moment, so that one compilation serves many sets of tasks.
type current struct {
	split *mtl.Split
	tasks []mtl.Task
}

// Name implements train.Dataset.
func (c *current) Name() string { return "current" }

// Iter implements train.Dataset.
func (c *current) Iter() iter.Seq2[train.Batch, error] {
	return c.split.Batches("current", c.tasks, c.split.Len(), 1).Iter()
}

var rhos = []float64{0, 0.25, 0.5, 0.75, 0.9, 1}

// measured is what one set of tasks gave: a matrix for each measure, and R² of the tasks alone and together.
type measured struct {
	names    []string
	matrices map[string]*affinity.Matrix
	alone    float64 // NaN where it was not measured
	together float64
}

func (s *study) fit(steps int) mtl.FitOptions {
	return mtl.FitOptions{
		Backend: s.b, Steps: steps, BatchSize: 1 << 20, LearningRate: 1e-2, Optimizer: optimizer.Adam().LearningRate(1e-2).WeightDecay(1e-2).Done(),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// measure trains each task alone and all together, and applies every measure.
func (s *study) measure(ctx context.Context, c relatedtasks.Config, all bool) (*measured, error) {
	c.Train = s.rows
	set, err := relatedtasks.New(c)
	if err != nil {
		return nil, err
	}
	m, err := relatedtasks.Model(c)
	if err != nil {
		return nil, err
	}
	same, err := relatedtasks.Common(c, 300)
	if err != nil {
		return nil, err
	}
	r := &measured{matrices: map[string]*affinity.Matrix{}}
	add := func(name string, matrix *affinity.Matrix, err error) error {
		if err == nil {
			r.names = append(r.names, name)
			r.matrices[name] = matrix
		}
		return err
	}

	// Alone.
	for i := range m.Tasks {
		m.Tasks[i].Metrics = []metric.Metric{metric.R2{}}
	}
	alone, separate := model.NewStore(), relate.Separate(m)
	opts := s.fit(s.steps)
	opts.Seed = int64(c.Seed) + 1
	s.data = current{set.Train, m.Tasks}
	if s.alone == nil {
		if s.alone, err = mtl.Compile(separate, mtl.Data{Stream: &s.data}, opts); err != nil {
			return nil, err
		}
	}
	if _, err := s.alone.Fit(ctx, mtl.RunOptions{Store: alone, Seed: opts.Seed}); err != nil {
		return nil, err
	}
	matrix, err := relate.ActiveSubspaces{}.Measure(ctx, s.b, alone, separate, same.Inputs...)
	if err := add("active subspaces", matrix, err); err != nil {
		return nil, err
	}
	represented, err := relate.Represent(ctx, s.b, alone, separate, same.Inputs...)
	if err != nil {
		return nil, err
	}
	for _, one := range []struct {
		name string
		of   func(*relate.Represented) (*affinity.Matrix, error)
	}{{"CKA", relate.CKA}, {"CKA, unbiased", relate.UnbiasedCKA}, {"RSA", relate.RSA}} {
		matrix, err := one.of(represented)
		if err := add(one.name, matrix, err); err != nil {
			return nil, err
		}
	}
	matrix, err = relate.LabelCorrelation(same, m.Tasks)
	if err := add("label correlation", matrix, err); err != nil {
		return nil, err
	}

	if !all {
		return r, nil
	}
	if r.alone, err = s.r2(ctx, alone, separate, set.Test); err != nil {
		return nil, err
	}

	// Together.
	shared := model.NewStore()
	opts.Store = shared
	opts.Probes = []mtl.Probe{relate.Conflict{Every: 20, Examples: -1}.Probe(), relate.LookAhead{Every: 20, Rate: 0.01}.Probe()}
	h, err := mtl.Fit(ctx, m, mtl.Data{Train: set.Train}, opts)
	if err != nil {
		return nil, err
	}
	if r.together, err = s.r2(ctx, shared, m, set.Test); err != nil {
		return nil, err
	}
	matrix, err = relate.OverRun(h, relate.Cosine, 0)
	if err := add("gradient cosine", matrix, err); err != nil {
		return nil, err
	}
	matrix, err = relate.OverRun(h, relate.Affinity, 0)
	if err := add("look-ahead (TAG)", matrix, err); err != nil {
		return nil, err
	}

	// Transfer to 50 labels.
	few, err := datasets.Take(set.Validation, 50)
	if err != nil {
		return nil, err
	}
	for _, frozen := range []bool{true, false} {
		transferred, err := relate.Transfer{Frozen: frozen}.Measure(ctx, m, alone, mtl.Data{Train: few, Validation: set.Test}, s.fit(200))
		if err != nil {
			return nil, err
		}
		name := map[bool]string{true: "transfer, frozen", false: "transfer, fine-tuned"}[frozen]
		if err := add(name, transferred.Gain, nil); err != nil {
			return nil, err
		}
		if frozen {
			if err := add("transfer, normalised", transferred.Normalized(), nil); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// r2 is the mean over the tasks.
func (s *study) r2(ctx context.Context, store *model.Store, m *mtl.Model, split *mtl.Split) (mean float64, err error) {
	e, err := mtl.Evaluate(ctx, s.b, store, m, split)
	if err != nil {
		return 0, err
	}
	for _, figures := range e.Metric {
		mean += figures["R2"] / float64(len(e.Metric))
	}
	return mean, nil
}

// overlaps prints, for each measure, its mean over the pairs of tasks by ρ, and how it ranks ρ.
func (s *study) overlaps(ctx context.Context, seeds int) error {
	var names []string
	means := map[string][][]float64{} // by measure, then seed, then ρ
	alone, together := make([]float64, len(rhos)), make([]float64, len(rhos))
	for seed := range seeds {
		for k, rho := range rhos {
			r, err := s.measure(ctx, relatedtasks.Config{Seed: uint64(seed), Overlap: rho}, seed < s.slow)
			if err != nil {
				return err
			}
			if len(r.names) > len(names) {
				names = r.names
			}
			if seed < s.slow {
				alone[k] += r.alone / float64(s.slow)
				together[k] += r.together / float64(s.slow)
			}
			log.Printf("seed %d, overlap %g", seed, rho)
			for name, matrix := range r.matrices {
				if len(means[name]) == seed {
					means[name] = append(means[name], nil)
				}
				means[name][seed] = append(means[name][seed], mean(matrix.Pairs()))
			}
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "mean over pairs at ρ\t")
	for _, rho := range rhos {
		fmt.Fprintf(w, "%g\t", rho)
	}
	fmt.Fprintln(w, "Spearman with ρ, each seed: mean, least")
	for _, name := range names {
		fmt.Fprintf(w, "%s\t", name)
		for k := range rhos {
			sum := 0.0
			for _, bySeed := range means[name] {
				sum += bySeed[k] / float64(len(means[name]))
			}
			fmt.Fprintf(w, "%.4f\t", sum)
		}
		var rank []float64
		for _, bySeed := range means[name] {
			v, err := affinity.Spearman(rhos, bySeed)
			if err != nil {
				return err
			}
			rank = append(rank, v)
		}
		fmt.Fprintf(w, "%.2f, %.2f\n", mean(rank), slices.Min(rank))
	}
	if s.slow == 0 {
		return w.Flush()
	}
	fmt.Fprint(w, "R² alone\t")
	for _, v := range alone {
		fmt.Fprintf(w, "%.3f\t", v)
	}
	fmt.Fprint(w, "\nR² together\t")
	for _, v := range together {
		fmt.Fprintf(w, "%.3f\t", v)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

// clusters prints, for each measure, its mean within and across two clusters of four, and how often they are recovered.
func (s *study) clusters(ctx context.Context, seeds int) error {
	type sums struct{ within, across, recovered, nearest, count float64 }
	totals := map[string]*sums{}
	var names []string
	for seed := range seeds {
		r, err := s.measure(ctx, relatedtasks.Config{Seed: 100 + uint64(seed), Overlap: 1, Clusters: []int{4, 4}}, seed < s.slow)
		if err != nil {
			return err
		}
		if len(r.names) > len(names) {
			names = r.names
		}
		log.Printf("clusters, seed %d", seed)
		for name, m := range r.matrices {
			if totals[name] == nil {
				totals[name] = &sums{}
			}
			t := totals[name]
			t.count++
			var within, across []float64
			for i, row := range m.Values {
				for j, v := range row {
					switch {
					case i == j:
					case i/4 == j/4:
						within = append(within, v)
					default:
						across = append(across, v)
					}
				}
				if from := m.From(m.Tasks[i]); slices.Index(m.Tasks, from[0])/4 == i/4 {
					t.nearest += 1.0 / 8
				}
			}
			t.within, t.across = t.within+mean(within), t.across+mean(across)
			right := true
			for _, cluster := range m.Clusters(2) {
				for _, i := range cluster {
					right = right && len(cluster) == 4 && i/4 == cluster[0]/4
				}
			}
			if right {
				t.recovered++
			}
		}
	}
	fmt.Println()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "two clusters of four\twithin\tacross\tnearest task is of the cluster\tclusters recovered")
	for _, name := range names {
		t := totals[name]
		fmt.Fprintf(w, "%s\t%.4f\t%.4f\t%.0f %%\t%.0f of %.0f\n", name, t.within/t.count, t.across/t.count, 100*t.nearest/t.count, t.recovered, t.count)
	}
	return w.Flush()
}

func mean(values []float64) (m float64) {
	for _, v := range values {
		m += v / float64(len(values))
	}
	if len(values) == 0 {
		return math.NaN()
	}
	return m
}
