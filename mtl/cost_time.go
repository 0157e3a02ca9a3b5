package mtl

import (
	"fmt"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Speed is what a device does in a second, as measured by MeasureSpeed.
type Speed struct {
	// Products and Convolutions are floating-point operations a second.
	Products, Convolutions float64
	// Operation is the time of a small operation of a graph.
	Operation time.Duration
}

// MeasureSpeed times a matrix product, a convolution and a chain of small operations on a device, a fraction of a second each and some compilation. Other work on
// the machine makes the figures worse.
func MeasureSpeed(b compute.Backend) (s Speed, err error) {
	// Sizes of a wide network's layer at batch 512, and of 16×16 maps of 32 channels.
	const width, side, channels, links = 512, 16, 32, 64
	product, _, err := fastest(b, func(x *graph.Node) *graph.Node { return graph.MatMul(x, x) }, width, width)
	if err != nil {
		return s, err
	}
	convolution, _, err := fastest(b, func(x *graph.Node) *graph.Node {
		kernel := graph.Ones(x.Graph(), shapes.Make(dtypes.Float32, 3, 3, channels, channels))
		return graph.Convolve(x, kernel).PadSame().Done()
	}, 64, side, side, channels)
	if err != nil {
		return s, err
	}
	// A sum over all values between the links, so that a compiler cannot make one operation of them.
	chain, operations, err := fastest(b, func(x *graph.Node) *graph.Node {
		for range links {
			x = graph.Sub(x, graph.ReduceAndKeep(x, graph.ReduceMean, -1))
		}
		return x
	}, 8, 8)
	if err != nil {
		return s, err
	}
	s.Products = 2 * width * width * width / product.Seconds()
	s.Convolutions = 2 * 64 * side * side * channels * channels * 9 / convolution.Seconds()
	s.Operation = chain / time.Duration(operations)
	return s, nil
}

// fastest is the shortest time of a call among those of a tenth of a second, at least three, and the number of nodes of its graph.
func fastest(b compute.Backend, build func(x *graph.Node) *graph.Node, dims ...int) (best time.Duration, nodes int, err error) {
	size := 1
	for _, d := range dims {
		size *= d
	}
	x := tensors.FromFlatDataAndDimensions(make([]float32, size), dims...)
	exec, err := graph.NewExec(b, func(x *graph.Node) *graph.Node {
		y := build(x)
		nodes = len(x.Graph().Nodes())
		return graph.ReduceAllSum(y) // little to bring back
	})
	if err != nil {
		return 0, 0, fmt.Errorf("mtl: the device's speed cannot be measured: %w", err)
	}
	defer exec.Finalize()
	began := time.Now()
	for k := 0; k < 4 || time.Since(began) < 100*time.Millisecond; k++ {
		start := time.Now()
		y, err := exec.Call1(x)
		if err != nil {
			return 0, 0, fmt.Errorf("mtl: the device's speed cannot be measured: %w", err)
		}
		_ = tensors.ToScalar[float32](y) // waits
		took := time.Since(start)
		switch {
		case k == 0: // it compiled
			began = time.Now()
		case best == 0 || took < best:
			best = took
		}
	}
	return best, nodes, nil
}

// Time predicts the time of a step on a device: the products and convolutions at its speed, and a small operation's time for each node of the graph.
func (c *Cost) Time(s Speed) time.Duration {
	seconds := (c.Step-c.Convolutions)/s.Products + c.Convolutions/s.Convolutions
	return time.Duration(seconds*float64(time.Second)) + time.Duration(c.Operations)*s.Operation
}
