package mtl

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Cost is what a training step takes, as found by building and compiling it, without running it.
type Cost struct {
	// Shared is the number of trainable values under scope "shared", Own that of each task's, by name.
	Shared int
	Own    map[string]int
	// Variables are the bytes of all values, State the part of them that is not the model's trainable values: optimiser, weighting, moving averages.
	Variables, State int64
	// Jacobian is the bytes of the task gradients that the method asked for: T·d of the shared parameters, or T times the representation; 0 for a loss weighting.
	// Those of dense layers may never exist (the Gramian takes them in factors).
	Jacobian int64
	// Forward is the number of floating-point operations of the matrix products and convolutions in the forward pass, Step that in all; Elements is the number
	// of values that all other operations write.
	Forward, Step, Elements float64
	// Convolutions is the part of Step that is in convolutions.
	Convolutions float64
	// Operations is the number of nodes in the graph of a step.
	Operations int
	// Scratch is the bytes that XLA's kernels on a CPU take beside what the compiler plans; 0 on other devices.
	Scratch int64
	// Memory is the compiler's account of one step a call, if Known.
	Memory ProgramMemory
	Known  bool
}

// CostOf builds and compiles one step of what Fit would train, and adds up what it takes. Nothing is trained; opts.Store is left alone and may not be
// set, for the model makes its variables there.
func CostOf(m *Model, data Data, opts FitOptions) (c *Cost, err error) {
	if opts.Store != nil {
		return nil, fmt.Errorf("mtl: FitOptions.Store is set; a cost is of a model with new variables: leave it nil")
	}
	opts.StepsPerCall, opts.Probes = 1, nil
	data.Validation, opts.Monitor, opts.Patience, opts.RestoreBest = nil, Monitor{}, 0, false
	compiled, err := Compile(m, data, opts)
	if err != nil {
		return nil, err
	}
	panicked := try(func() { c, err = compiled.cost() })
	return c, errors.Join(err, panicked, compiled.Close())
}

func (c *Compiled) cost() (*Cost, error) {
	cost := &Cost{Own: map[string]int{}}
	for v := range c.store.IterVariables() {
		cost.Variables += v.Shape().ByteSize()
		switch {
		case !v.Trainable || ofWeighting(v):
			cost.State += v.Shape().ByteSize()
		case strings.HasPrefix(v.Path(), "/"+SharedScope+"/"):
			cost.Shared += v.Shape().Size()
		}
		for _, name := range c.model.TaskNames() {
			if v.Trainable && strings.HasPrefix(v.Path(), "/"+TaskScope+"/"+ScopeName(name)+"/") {
				cost.Own[name] += v.Shape().Size()
			}
		}
	}
	p := c.executor.program
	kept, _ := model.GetGraphParam(p.g, lossesKey)
	if bytes, found := model.GetGraphParam(p.g, jacobianKey); found {
		cost.Jacobian = bytes.(int64)
	}
	forward := ancestors(kept.(*taskLosses).values)
	nodes := ancestors(p.outputs...)
	for node := range nodes {
		cost.Operations++
		operations, err := multiplications(node)
		if err != nil {
			return nil, err
		}
		cost.Step += operations
		if node.Type() == graph.NodeTypeConvGeneral {
			cost.Convolutions += operations
		}
		if forward[node] {
			cost.Forward += operations
		}
		if operations == 0 && node.Type() != graph.NodeTypeParameter && node.NumOutputs() == 1 {
			cost.Elements += float64(node.Shape().Size())
		}
	}
	cost.Memory, cost.Known = c.Memory()
	if b := p.g.Backend(); cost.Known && OnCPU(b) {
		var err error
		if cost.Scratch, err = scratch(nodes, runtime.GOMAXPROCS(0)); err != nil {
			return nil, err
		}
	}
	return cost, nil
}

// Running is the bytes that training adds to those of a process that has compiled and holds the data: the variables, their new values, what lives within a
// step, and what the kernels take. It is right only if Known.
func (c *Cost) Running() int64 {
	return c.Variables + c.Memory.Outputs - c.Memory.Aliases + c.Memory.Temporary + c.Scratch
}

// GoMLX tells the axes of products and convolutions only in their text.
var (
	contracted     = regexp.MustCompile(`lhsContractingAxes=\[([0-9 ]*)\]`)
	outputChannels = regexp.MustCompile(`KernelOutputChannels:(\d+)`)
)

// multiplications returns twice the number of products that a matrix product or convolution adds up, and 0 for all other operations. What a
// convolution multiplies with padding and between dilated values counts.
func multiplications(node *graph.Node) (float64, error) {
	output := 2 * float64(node.Shape().Size())
	switch node.Type() {
	case graph.NodeTypeFusedDense: // of the pure-Go backend: input·weights + offset
		return output * float64(node.Inputs()[0].Shape().Dim(-1)), nil
	case graph.NodeTypeDotGeneral:
		found := contracted.FindStringSubmatch(node.String())
		if found == nil {
			return 0, fmt.Errorf("mtl: the axes of %s cannot be read", node)
		}
		for _, text := range strings.Fields(found[1]) {
			axis, err := strconv.Atoi(text)
			if err != nil {
				return 0, err
			}
			output *= float64(node.Inputs()[0].Shape().Dimensions[axis])
		}
		return output, nil
	case graph.NodeTypeConvGeneral:
		kernel := node.Inputs()[1].Shape()
		found := outputChannels.FindStringSubmatch(node.String())
		if found == nil {
			return 0, fmt.Errorf("mtl: the axes of %s cannot be read", node)
		}
		axis, err := strconv.Atoi(found[1])
		if err != nil {
			return 0, err
		}
		return output * float64(kernel.Size()/kernel.Dimensions[axis]), nil
	}
	return 0, nil
}
