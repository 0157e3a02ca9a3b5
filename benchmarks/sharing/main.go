// Command sharing measures what sharing brings when tasks are related by a known amount: RelatedTasks over its overlap ρ, each task alone, hard sharing,
// MMoE and PLE. It prints a Markdown table and writes a figure.
//
//	go run ./benchmarks/sharing -out output/sharing
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/relatedtasks"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting"
)

// way is an architecture under test.
type way struct {
	name string
	arch mtl.Architecture
	// alone has nothing shared, so that each task may stop at a step of its own.
	alone bool
}

func layer(width int) arch.Dense {
	return arch.Dense{Widths: []int{width}, Activation: graph.Tanh, Initializer: small}
}

// small is uniform within 1/√inputs, as PyTorch draws the weights of a linear layer: He's, for ReLU, begins with saturated units.
func small(scope *model.Scope) model.VariableInitializer {
	return func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		if shape.Rank() < 2 {
			return graph.Zeros(g, shape)
		}
		bound := 1 / math.Sqrt(float64(shape.Dim(-2)))
		return initializer.RandomUniformFn(scope, -bound, bound)(g, shape)
	}
}

var ways = []way{
	{"each alone", arch.Branched{Own: layer(8)}, true},
	{"hard sharing", arch.HardSharing{Trunk: layer(8)}, false},
	{"MMoE", arch.MMoE{Expert: layer(8), Experts: 4}, false},
	{"PLE", arch.PLE{Levels: []arch.ExpertLevel{{Expert: layer(8)}}}, false},
}

// result is one run: the mean R² of the tasks on the test part.
type result struct {
	Way     string
	Train   int
	Overlap float64
	Seed    int64
	R2      float64
}

func main() {
	sizes := flag.String("train", "100,300", "examples of each task, of which a fifth is for validation")
	overlaps := flag.String("overlaps", "0,0.25,0.5,0.75,0.9,1", "values of ρ")
	seeds := flag.Int("seeds", 5, "draws of tasks, data and initial weights")
	steps := flag.Int("steps", 1500, "full-batch steps")
	out := flag.String("out", "output/sharing", "folder for results.json, table.md and sharing.png")
	flag.Parse()
	if err := run(numbers(*sizes), numbers(*overlaps), *seeds, *steps, *out); err != nil {
		log.Fatal(err)
	}
}

func numbers(list string) (values []float64) {
	for _, part := range strings.Split(list, ",") {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil {
			log.Fatalf("%q is no number in %q", part, list)
		}
		values = append(values, v)
	}
	return values
}

func run(sizes, overlaps []float64, seeds, steps int, out string) error {
	b, err := backend.New(context.Background())
	if err != nil {
		return err
	}
	var mutex sync.Mutex
	var results []result
	var failed error
	var wait sync.WaitGroup
	free := make(chan struct{}, 2)
	start := time.Now()
	for _, n := range sizes {
		for _, w := range ways {
			on, err := compile(b, w, int(n), steps)
			if err != nil {
				return fmt.Errorf("%s, n = %g: %w", w.name, n, err)
			}
			for _, rho := range overlaps {
				for seed := int64(1); seed <= int64(seeds); seed++ {
					free <- struct{}{}
					wait.Go(func() {
						defer func() { <-free }()
						r2, err := on.train(w, int(n), rho, seed)
						mutex.Lock()
						defer mutex.Unlock()
						if err != nil {
							failed = fmt.Errorf("%s, n = %g, ρ = %g, seed %d: %w", w.name, n, rho, seed, err)
							return
						}
						results = append(results, result{w.name, int(n), rho, seed, r2})
						log.Printf("%.0f s: n = %g, ρ = %g, seed %d, %s: R² %.3f", time.Since(start).Seconds(), n, rho, seed, w.name, r2)
					})
				}
			}
		}
	}
	wait.Wait()
	if failed != nil {
		return failed
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	data, err := json.Marshal(results)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "results.json"), data, 0o644); err != nil {
		return err
	}
	table := write(results, sizes, overlaps)
	fmt.Print(table)
	if err := os.WriteFile(filepath.Join(out, "table.md"), []byte(table), 0o644); err != nil {
		return err
	}
	return figure(results, sizes, overlaps).Save(filepath.Join(out, "sharing.png"))
}

// follower evaluates the test part whenever a validation was the best so far: of the mean loss, or of a task's own.
type follower struct {
	*programs
	test   *mtl.Split
	store  *model.Store
	judged [][]string // tasks that are judged together
	lowest []float64  // of each of them
	best   []*mtl.Evaluation
	err    error
}

func (*follower) Begin(history.Run)            {}
func (*follower) Progress(_, _ int, _ float64) {}
func (*follower) End(error)                    {}

func (f *follower) Record(r history.Record) {
	if r.Split != history.Validation || f.err != nil {
		return
	}
	var e *mtl.Evaluation
	for i, tasks := range f.judged {
		sum := 0.0
		for _, task := range tasks {
			sum += r.Loss[task]
		}
		if sum >= f.lowest[i] {
			continue
		}
		if e == nil {
			if e, f.err = f.onTest.EvaluateOn(context.Background(), f.store, f.test); f.err != nil {
				return
			}
		}
		f.lowest[i], f.best[i] = sum, e
	}
}

// programs are what all runs of a way with as many examples share.
type programs struct {
	training *mtl.Compiled
	onTest   *mtl.Evaluator
	tasks    []string
}

func draw(n int, rho float64, seed int64) (*datasets.Set, error) {
	return relatedtasks.New(relatedtasks.Config{Seed: uint64(seed), Train: n - n/5, Validation: n / 5, Overlap: rho})
}

func compile(b compute.Backend, w way, n, steps int) (*programs, error) {
	set, err := draw(n, 0, 1)
	if err != nil {
		return nil, err
	}
	m := &mtl.Model{Arch: arch.OwnInputs{Arch: w.arch}}
	for _, task := range set.Tasks {
		m.Tasks = append(m.Tasks, mtl.Regression(task.Name, 1))
	}
	p := &programs{tasks: m.TaskNames()}
	if p.onTest, err = mtl.NewEvaluator(b, m, set.Test); err != nil {
		return nil, err
	}
	p.training, err = mtl.Compile(m, mtl.Data{Train: set.Train, Validation: set.Validation}, mtl.FitOptions{
		Backend: b, Steps: steps, BatchSize: set.Train.Len(), Optimizer: optimizer.Adam().WeightDecay(1e-2).Done(), LearningRate: 3e-3,
		ValidateEvery: 25, Log: slog.New(slog.DiscardHandler),
	})
	return p, err
}

// train returns the mean R² on the test part at the step that was best on the validation part: of the mean loss, or for tasks alone of each one's.
func (p *programs) train(w way, n int, rho float64, seed int64) (float64, error) {
	set, err := draw(n, rho, seed)
	if err != nil {
		return 0, err
	}
	f := &follower{programs: p, test: set.Test, store: model.NewStore(), judged: [][]string{p.tasks}}
	if w.alone {
		f.judged = nil
		for _, task := range p.tasks {
			f.judged = append(f.judged, []string{task})
		}
	}
	f.best = make([]*mtl.Evaluation, len(f.judged))
	for range f.judged {
		f.lowest = append(f.lowest, math.Inf(1))
	}
	if _, err := p.training.Fit(context.Background(), mtl.RunOptions{
		Store: f.store, Seed: seed, Train: set.Train, Validation: set.Validation, Observers: []mtl.Observer{f},
	}); err != nil || f.err != nil {
		return 0, errors.Join(err, f.err)
	}
	r2 := 0.0
	for i, tasks := range f.judged {
		for _, task := range tasks {
			r2 += f.best[i].Metric[task]["R2"] / float64(len(p.tasks))
		}
	}
	return r2, nil
}

// pick returns the values of the seeds.
func pick(results []result, way string, n, rho float64) (values []float64) {
	for _, r := range results {
		if r.Way == way && float64(r.Train) == n && r.Overlap == rho {
			values = append(values, r.R2)
		}
	}
	return values
}

func write(results []result, sizes, overlaps []float64) string {
	var text strings.Builder
	text.WriteString("| n | |")
	for _, rho := range overlaps {
		fmt.Fprintf(&text, " ρ = %g |", rho)
	}
	text.WriteString("\n|---|---|" + strings.Repeat("---|", len(overlaps)) + "\n")
	for _, n := range sizes {
		for _, w := range ways {
			fmt.Fprintf(&text, "| %g | %s |", n, w.name)
			for _, rho := range overlaps {
				i := study.NewInterval(pick(results, w.name, n, rho))
				fmt.Fprintf(&text, " %.2f ± %.2f |", i.Mean, i.Half)
			}
			text.WriteString("\n")
		}
	}
	return text.String()
}

func figure(results []result, sizes, overlaps []float64) *plotting.Figure {
	var panels []plotting.TrendPanel
	for _, n := range sizes {
		p := plotting.TrendPanel{Title: fmt.Sprintf("%g examples a task", n)}
		for _, w := range ways {
			t := plotting.Trend{Name: w.name, X: overlaps}
			for _, rho := range overlaps {
				t.Values = append(t.Values, pick(results, w.name, n, rho))
			}
			p.Lines = append(p.Lines, t)
		}
		panels = append(panels, p)
	}
	return plotting.Trends{Title: "What sharing brings, by how related the tasks are", X: "overlap of the tasks' features, ρ", Y: "mean R² on test"}.Figure(panels...)
}
