// Command cost times training with the probes of mtl/relate against a plain run, on a wide network of 8 tasks (workload W2 of ../../README.md): chunks of each, in turn, and the median of the
// ratios of neighbours. Pin it to one core for stable figures:
//
//	taskset -c 0 go run ./benchmarks/relate/cost
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/relate"
)

func main() {
	rounds := flag.Int("rounds", 7, "measurements of each")
	steps := flag.Int("steps", 60, "steps of a measurement")
	flag.Parse()
	if err := run(*rounds, *steps); err != nil {
		log.Fatal(err)
	}
}

func run(rounds, steps int) error {
	ctx := context.Background()
	b, err := backend.New(ctx)
	if err != nil {
		return err
	}
	m, data := wide()
	variants := []struct {
		name   string
		probes []mtl.Probe
	}{
		{name: "plain"},
		{name: "Conflict, every 10", probes: []mtl.Probe{relate.Conflict{}.Probe()}},
		{name: "LookAhead, every 10, 128 examples", probes: []mtl.Probe{relate.LookAhead{Examples: 128}.Probe()}},
		{name: "LookAhead, every 10", probes: []mtl.Probe{relate.LookAhead{}.Probe()}},
		{name: "LookAhead, every step", probes: []mtl.Probe{relate.LookAhead{Every: 1}.Probe()}},
	}
	compiled := make([]*mtl.Compiled, len(variants))
	for i, v := range variants {
		compiled[i], err = mtl.Compile(m, data, mtl.FitOptions{Backend: b, Steps: steps, BatchSize: 512, LearningRate: 1e-3, Probes: v.probes, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
		if err != nil {
			return err
		}
	}
	spent := make([][]float64, len(variants))
	for round := range rounds + 1 {
		for i := range variants {
			before := cpu()
			if _, err := compiled[i].Fit(ctx, mtl.RunOptions{}); err != nil {
				return err
			}
			if round > 0 { // the first warms up
				spent[i] = append(spent[i], (cpu()-before).Seconds()*1e3/float64(steps))
			}
		}
	}
	for i, v := range variants {
		var ratios []float64
		for k := range spent[i] {
			ratios = append(ratios, spent[i][k]/spent[0][k])
		}
		slices.Sort(ratios)
		least := slices.Min(spent[i])
		fmt.Printf("%-36s least CPU time %.1f ms a step, %.3f of plain; median of ratios %.3f\n", v.name, least, least/slices.Min(spent[0]), ratios[len(ratios)/2])
	}
	return nil
}

// cpu is the processor time of the process, which a busy machine changes less than the clock.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		log.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// wide is W2: 256 features, three layers of 512, 4 regressions and 4 classifications.
func wide() (*mtl.Model, mtl.Data) {
	const examples, features = 4096, 256
	random := rand.New(rand.NewPCG(1, 1))
	x := make([]float32, examples*features)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	split := &mtl.Split{Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, examples, features)}, Labels: map[string]*tensors.Tensor{}}
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: arch.Dense{Widths: []int{512, 512, 512}}}}
	for k := range 4 {
		value, class := make([]float32, examples), make([]int32, examples)
		for i := range value {
			value[i], class[i] = float32(random.NormFloat64()), random.Int32N(10)
		}
		name := fmt.Sprintf("value%d", k)
		m.Tasks = append(m.Tasks, mtl.Regression(name, 1))
		split.Labels[name] = tensors.FromFlatDataAndDimensions(value, examples)
		name = fmt.Sprintf("class%d", k)
		m.Tasks = append(m.Tasks, mtl.Classification(name, 10))
		split.Labels[name] = tensors.FromFlatDataAndDimensions(class, examples)
	}
	return m, mtl.Data{Train: split}
}
