// Package weigh runs a weighting on gradients that are given by their numbers, one step after another.
package weigh

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Result is what a weighting made of a step.
type Result struct {
	Weights, Direction, Heads []float64
	Penalty                   float64
	Reports                   map[string]float64
}

// Session is a weighting with its state between steps. All steps have the shapes of the first: there is one program.
type Session struct {
	// Store holds the weighting's variables.
	Store   *model.Store
	backend compute.Backend
	exec    *model.Exec
	start   map[*model.Variable]*tensors.Tensor
	reports []string
}

// NewSession prepares method for numbers of type dtype. The seed, not 0, fixes the random numbers.
func NewSession(b compute.Backend, method mtl.Weighting, dtype dtypes.DType, seed int64) (*Session, error) {
	s := &Session{Store: model.NewStore(), backend: b}
	s.Store.SetParam(model.ParamInitialSeed, seed)
	exec, err := model.NewExec(b, s.Store, func(_ *model.Scope, inputs []*graph.Node) []*graph.Node {
		numbers := make([]*graph.Node, len(inputs))
		for i, input := range inputs {
			numbers[i] = graph.ConvertDType(input, dtype)
		}
		step := mtl.MatrixStep{Jacobian: numbers[0], Losses: numbers[1], Active: numbers[2], LossesAfter: numbers[3]}
		if len(numbers) > 4 {
			step.Parts = numbers[4:]
		}
		return s.outputs(step.Combine(s.Store, method))
	})
	if err != nil {
		return nil, err
	}
	s.exec = exec.SetMaxCache(1)
	return s, nil
}

func (s *Session) outputs(c mtl.Combination) []*graph.Node {
	if c.Penalty == nil {
		c.Penalty = graph.ScalarZero(c.Weights.Graph(), dtypes.Float64)
	}
	outputs := []*graph.Node{c.Weights, c.Direction, c.Heads, c.Penalty}
	s.reports = slices.Sorted(maps.Keys(c.Reports))
	for _, name := range s.reports {
		outputs = append(outputs, c.Reports[name])
	}
	for i, output := range outputs {
		outputs[i] = graph.ConvertDType(output, dtypes.Float64)
	}
	return outputs
}

// Step runs the method on the next state.
func (s *Session) Step(state State) (*Result, error) {
	inputs, err := state.tensors()
	if err != nil {
		return nil, err
	}
	if s.start == nil {
		if err := s.prepare(inputs); err != nil {
			return nil, err
		}
	}
	args := make([]any, len(inputs))
	for i, input := range inputs {
		args[i] = input
	}
	outputs, err := s.exec.Call(args...)
	if err != nil {
		return nil, err
	}
	flat := make([][]float64, len(outputs))
	for i, output := range outputs {
		if flat[i], err = tensors.CopyFlatData[float64](output); err != nil {
			return nil, err
		}
	}
	r := &Result{Weights: flat[0], Direction: flat[1], Heads: flat[2], Penalty: flat[3][0], Reports: map[string]float64{}}
	for i, name := range s.reports {
		r.Reports[name] = flat[4+i][0]
	}
	return r, nil
}

// prepare compiles the program and keeps what the method's variables start with.
func (s *Session) prepare(inputs []*tensors.Tensor) error {
	of := make([]shapes.Shape, len(inputs))
	for i, input := range inputs {
		of[i] = input.Shape()
	}
	if _, err := s.exec.Compile(of...); err != nil {
		return err
	}
	if err := s.Store.InitializeVariables(s.backend, nil); err != nil {
		return err
	}
	start, err := s.Variables()
	if err != nil {
		return err
	}
	s.start = map[*model.Variable]*tensors.Tensor{}
	for path, value := range start {
		s.start[s.Store.GetVariable(path)] = value
	}
	return nil
}

// Variables returns copies of the method's variables, random state included, by path.
func (s *Session) Variables() (map[string]*tensors.Tensor, error) {
	values := map[string]*tensors.Tensor{}
	for v := range s.Store.IterVariables() {
		value, err := v.Value()
		if err == nil {
			values[v.Path()], err = value.LocalClone()
		}
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", v.Path(), err)
		}
	}
	return values, nil
}

// Reset takes the method back to before its first step, its random numbers and hyper-parameters included.
func (s *Session) Reset() error {
	for v, value := range s.start {
		clone, err := value.LocalClone()
		if err == nil {
			err = v.SetValue(clone)
		}
		if err != nil {
			return fmt.Errorf("variable %s: %w", v.Path(), err)
		}
	}
	return nil
}
