package tracking_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/tracking"
)

// A finished run becomes a table; so do its event files and its MLflow folder, by the other writers.
func Example() {
	dir, err := os.MkdirTemp("", "tracking")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	h := &history.History{Run: history.Run{Name: "digits", Steps: 100}, Records: []history.Record{
		{Step: 100, Split: history.Train, Epoch: 2, Seconds: 1.5, LearningRate: 0.001, Loss: map[string]float64{"digit": 0.25, "ink": 0.5}},
		{Step: 100, Split: history.Validation, Epoch: 2, Seconds: 1.5, Loss: map[string]float64{"digit": 0.5},
			Metric: map[string]map[string]float64{"digit": {"accuracy": 0.875}}},
	}}
	board, table := &tracking.TensorBoard{Dir: filepath.Join(dir, "board")}, &tracking.CSV{Dir: dir}
	if err := tracking.Export(h, board, table); err != nil {
		log.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "digits.csv"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(data))
	// Output:
	// run,split,step,epoch,seconds,kind,task,name,value
	// digits,train,100,2,1.5,learning_rate,,,0.001
	// digits,train,100,2,1.5,loss,digit,,0.25
	// digits,train,100,2,1.5,loss,ink,,0.5
	// digits,validation,100,2,1.5,loss,digit,,0.5
	// digits,validation,100,2,1.5,metric,digit,accuracy,0.875
}

// A writer follows a run as one of mtl.Fit's Observers; here its methods are called by hand. What it could not write is in Err.
func ExampleMLflow() {
	dir, err := os.MkdirTemp("", "mlruns")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	flow := &tracking.MLflow{Dir: dir, Experiment: "digits"}
	flow.Begin(history.Run{Name: "equal weights", Steps: 100})
	flow.Record(history.Record{Step: 50, Split: history.Train, Seconds: 0.5, Loss: map[string]float64{"digit": 1.25}})
	flow.Record(history.Record{Step: 100, Split: history.Train, Seconds: 1, Loss: map[string]float64{"digit": 0.25}})
	flow.End(errors.New("the power went")) // the run has FAILED
	if err := flow.Err(); err != nil {
		log.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "metrics", "train", "loss", "digit"))
	if err != nil || len(files) != 1 {
		log.Fatal(files, err)
	}
	lines, err := os.ReadFile(files[0])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print("milliseconds value step\n", string(lines))
	// Output:
	// milliseconds value step
	// 500 1.25 50
	// 1000 0.25 100
}
