package mtl

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// variableInputs are the variables among the parameters of a compiled graph, by path: the graph serves any store that has them.
type variableInputs struct {
	paths   []string
	handles []graph.ParameterHandle
	changed []bool // a new value is among the outputs, in this order
	orders  []taskOrder
}

func (in *variableInputs) add(store *model.Store, v *model.Variable, handle graph.ParameterHandle, changed bool) {
	in.paths = append(in.paths, v.Path())
	in.handles = append(in.handles, handle)
	in.changed = append(in.changed, changed)
	if order, found := orderOf(store, v.Path()); found {
		in.orders = append(in.orders, order)
	}
}

// addUsed adds the variables of the store that a graph uses outside of loops, and returns the new values of those that it changes.
func (in *variableInputs) addUsed(g *graph.Graph, store *model.Store) (next []*graph.Node) {
	for v := range store.IterVariables() {
		if !v.InUseByGraph(g) {
			continue
		}
		in.add(store, v, g.GetParameterByName(v.Path()).GetParameterHandle(), v.ChangedInGraph(g))
		if v.ChangedInGraph(g) {
			next = append(next, v.NodeValue(g))
		}
	}
	return next
}

// of returns the variables of a store in this order. Those by task get the order of the tasks that the graph was built with.
func (in *variableInputs) of(store *model.Store) ([]*model.Variable, error) {
	for _, order := range in.orders {
		if err := order.apply(store); err != nil {
			return nil, err
		}
	}
	variables := make([]*model.Variable, len(in.paths))
	for k, path := range in.paths {
		if variables[k] = store.GetVariable(path); variables[k] == nil {
			return nil, fmt.Errorf("mtl: the store has no variable %q, which the model has: was it trained with another model?", path)
		}
	}
	return variables, nil
}

// put sets the inputs of a call. The buffers of changed variables are donated unless donate is nil.
func (in *variableInputs) put(backend compute.Backend, variables []*model.Variable, inputs []compute.Buffer, donate []bool) error {
	for k, v := range variables {
		value, err := v.Value()
		if err != nil {
			return fmt.Errorf("mtl: variable %q has no value: %w", v.Path(), err)
		}
		handle := in.handles[k]
		if donate != nil && in.changed[k] {
			donate[handle] = true
			inputs[handle], err = value.DonateBuffer(backend, 0)
		} else {
			inputs[handle], err = value.Buffer(backend, 0)
		}
		if err != nil {
			return fmt.Errorf("mtl: variable %q cannot be put on the device: %w", v.Path(), err)
		}
	}
	return nil
}

// take gives the changed variables their new values.
func (in *variableInputs) take(variables []*model.Variable, values []*tensors.Tensor) error {
	next := 0
	for k, v := range variables {
		if !in.changed[k] {
			continue
		}
		if err := v.SetValue(values[next]); err != nil {
			return fmt.Errorf("mtl: variable %q cannot be updated: %w", v.Path(), err)
		}
		next++
	}
	return nil
}
