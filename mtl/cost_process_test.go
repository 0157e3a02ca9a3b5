package mtl_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/weighting"
)

const costChild = "MTL_TEST_COST_CHILD" // "dense" or "conv", batch, "equal" or "mgda"

// costProblem is one of the workloads of benchmarks/gomtl, with as many examples as a batch.
func costProblem(network string, batch int, method string) (*mtl.Model, mtl.Data, mtl.FitOptions) {
	m, inputs := &mtl.Model{}, []int{batch, 256}
	train := &mtl.Split{Labels: map[string]*tensors.Tensor{}}
	class := func(dims ...int) *tensors.Tensor {
		size := 1
		for _, d := range dims {
			size *= d
		}
		return tensors.FromFlatDataAndDimensions(make([]int32, size), dims...)
	}
	if network == "dense" {
		m.Arch = arch.HardSharing{Trunk: arch.Dense{Widths: []int{512, 512, 512}}}
		for k := range 8 {
			m.Tasks = append(m.Tasks, mtl.Classification(fmt.Sprintf("class%d", k), 10))
			train.Labels[m.Tasks[k].Name] = class(batch)
		}
	} else {
		inputs = []int{batch, 32, 32, 3}
		m.Arch = arch.HardSharing{Trunk: arch.Conv{Stages: []arch.Stage{{Channels: 32}, {Channels: 32, Stride: 2}, {Channels: 64}}}}
		m.Tasks = []mtl.Task{
			mtl.Classification("image", 10, mtl.WithHead(mtl.DenseHead{Outputs: 10, Pool: mtl.SpatialMean})),
			mtl.Segmentation("pixels", 10, mtl.WithHead(mtl.NearestPixelHead{Outputs: 10, Upsample: 2})),
		}
		train.Labels["image"], train.Labels["pixels"] = class(batch), class(batch, 32, 32)
	}
	size := 1
	for _, d := range inputs {
		size *= d
	}
	train.Inputs = []*tensors.Tensor{tensors.FromFlatDataAndDimensions(make([]float32, size), inputs...)}
	options := mtl.FitOptions{Steps: 3, BatchSize: batch, LearningRate: 1e-3, StepsPerCall: 1, Log: slog.New(slog.DiscardHandler)}
	if method == "mgda" {
		options.Weighting = weighting.MGDA{}
	}
	return m, mtl.Data{Train: train}, options
}

// TestCostChild is the child process; it does nothing in an ordinary run of the tests.
func TestCostChild(t *testing.T) {
	name := os.Getenv(costChild)
	if name == "" {
		t.Skip("only as a child of TestMemoryOfProcess")
	}
	part := strings.Split(name, "/")
	batch, err := strconv.Atoi(part[1])
	if err != nil {
		t.Fatal(err)
	}
	b := backendtest.XLA(t)
	// A run with few examples first: the code of the kernels and the stacks of the threads are there then, which no prediction is about.
	m, data, options := costProblem(part[0], 4, part[2])
	options.Backend = b
	if _, err := mtl.Fit(context.Background(), m, data, options); err != nil {
		t.Fatal(err)
	}
	m, data, options = costProblem(part[0], batch, part[2])
	options.Backend = b
	cost, err := mtl.CostOf(m, data, options)
	if err != nil {
		t.Fatal(err)
	}
	m, data, options = costProblem(part[0], batch, part[2])
	growth := &growth{t: t}
	options.Backend, options.Observers = b, []mtl.Observer{growth}
	if _, err := mtl.Fit(context.Background(), m, data, options); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("memory %d %d %d\n", cost.Running(), growth.bytes, cost.Memory.Temporary)
}

// growth is by how much the process's resident memory has grown at most, from before the first step on.
type growth struct {
	t             *testing.T
	before, bytes int64
}

func (g *growth) Begin(history.Run) {
	debug.FreeOSMemory()
	g.before = processBytes(g.t, "VmRSS")
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the peak is what is resident now
		g.t.Fatal(err)
	}
}

func (g *growth) Progress(int, int, float64) { g.bytes = processBytes(g.t, "VmHWM") - g.before }
func (*growth) Record(history.Record)        {}
func (*growth) End(error)                    {}

func processBytes(t *testing.T, field string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), field+":")
	kilobytes, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

// The prediction is of memory in use. glibc keeps what is freed, for each thread; with this setting it gives back blocks above 64 KB at once.
const giveBack = "MALLOC_MMAP_THRESHOLD_=65536"

func TestMemoryOfProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/clear_refs"); err != nil {
		t.Skip("only on Linux")
	}
	backendtest.XLA(t)
	for _, name := range []string{"dense/2048/equal", "dense/2048/mgda", "conv/128/equal", "conv/128/mgda"} {
		c := exec.Command(os.Args[0], "-test.run=^TestCostChild$") //nolint:gosec // this binary
		c.Env = append(os.Environ(), costChild+"="+name, giveBack)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		var predicted, measured, temporary int64
		if _, err := fmt.Sscanf(string(out), "memory %d %d %d", &predicted, &measured, &temporary); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		ratio := float64(predicted) / float64(measured)
		t.Logf("%s: %.1f MB predicted, %.1f MB of them planned as temporary, %.1f MB measured", name, float64(predicted)/1e6, float64(temporary)/1e6, float64(measured)/1e6)
		if ratio < 0.75 || ratio > 1.25 {
			t.Errorf("%s: %d bytes predicted, %d measured: %.2f", name, predicted, measured, ratio)
		}
	}
}
