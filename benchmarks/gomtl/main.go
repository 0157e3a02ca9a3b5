// Command gomtl is gomtl's side of the benchmarks: it times the three workloads of this folder's README, trains the worked example as
// the PyTorch twin does, exports that example's data for it, or trains one step. It prints one JSON line, with the fields that the peers print.
//
//	go run ./benchmarks/gomtl -workload w3 -chunks 20
//	go run ./benchmarks/gomtl -workload w3 -sweep 16 -steps 200
//	go run ./benchmarks/gomtl -twin left,right,owner,ink
//	go run ./benchmarks/gomtl -export DIR
//	go run ./benchmarks/gomtl -first
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/gomtl/gomtl/datasets/multidigits"
)

func main() {
	workload := flag.String("workload", "", "time w1, w2 or w3")
	method := flag.String("method", "equal", "with -workload: the weighting, as in methods.go")
	tasks := flag.Int("tasks", 0, "with -workload: this many tasks in place of the workload's own")
	batch := flag.Int("batch", 0, "with -workload: this batch in place of the workload's own")
	chunks := flag.Int("chunks", 20, "timed chunks")
	stepsPerCall := flag.Int("steps-per-call", 0, "steps in one call to the device; 0 lets Fit choose")
	twinOf := flag.String("twin", "", "train multidigits on these tasks, separated by commas")
	seeds := flag.Int("seeds", 3, "with -twin: runs, with the seeds 1, 2, ...")
	steps := flag.Int("steps", 1500, "with -twin and -sweep: optimisation steps")
	settings := flag.Int("sweep", 0, "with -workload: sweep so many task weights instead")
	out := flag.String("out", "", "with -sweep: folder for the study; none writes nothing")
	firstOnly := flag.Bool("first", false, "train one step of the digits model")
	exportTo := flag.String("export", "", "write multidigits as .npy files to this folder")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	var report any
	var err error
	switch {
	case *workload != "" && *settings > 0:
		report, err = measureSweep(ctx, *workload, *settings, *steps, *out)
	case *workload != "":
		report, err = measure(ctx, *workload, *method, *tasks, *batch, *chunks, *stepsPerCall)
	case *twinOf != "":
		report, err = trainTwin(ctx, strings.Split(*twinOf, ","), *seeds, *steps)
	case *firstOnly:
		report, err = first(ctx)
	case *exportTo != "":
		err = exportTwin(*exportTo)
	default:
		flag.Usage()
		os.Exit(2)
	}
	if err == nil && report != nil {
		err = json.NewEncoder(os.Stdout).Encode(report)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func trainTwin(ctx context.Context, tasks []string, seeds, steps int) (any, error) {
	set, err := multidigits.New(multidigits.Config{})
	if err != nil {
		return nil, err
	}
	runs, err := twin(ctx, set, tasks, seeds, steps)
	return map[string]any{"peer": "gomtl", "tasks": tasks, "steps": steps, "runs": runs}, err
}

func exportTwin(folder string) error {
	set, err := multidigits.New(multidigits.Config{})
	if err != nil {
		return err
	}
	return export(set, folder)
}
