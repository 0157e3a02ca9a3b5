package mtl

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// hostDraws is how many random values are drawn on the host; more are faster on the device, although XLA first compiles for them.
const hostDraws = 1 << 23

// host is GoMLX's own backend, nil in programs without it. It draws initial values at once, while XLA takes as long to compile the random numbers of a small model as
// to compile its training.
var host = sync.OnceValue(func() compute.Backend {
	if !slices.Contains(compute.List(), "go") {
		return nil
	}
	b, err := compute.NewWithConfig("go:ops_sequential")
	if err != nil {
		return nil
	}
	return b
})

// initializer gives stores their initial values. It draws them with a program that takes the random state as an input, so one serves all seeds.
type initializer struct {
	mu     sync.Mutex
	store  *model.Store // the model was built on it
	exec   *model.Exec  // nil where no value is drawn
	drawn  []string     // paths, in the order of the program's outputs
	given  map[string]*tensors.Tensor
	orders []taskOrder
}

// newInitializer compiles the program for those variables of the store that have no value yet. Copies of the others' values are what runs begin with.
func newInitializer(backend compute.Backend, store *model.Store) (*initializer, error) {
	in := &initializer{store: store, given: map[string]*tensors.Tensor{}}
	var undrawn []*model.Variable
	draws := 0
	for v := range store.IterVariables() {
		if order, found := orderOf(store, v.Path()); found {
			in.orders = append(in.orders, order)
		}
		if !v.HasValue() {
			in.drawn, undrawn = append(in.drawn, v.Path()), append(undrawn, v)
			draws += v.Shape().Size()
			continue
		}
		value, err := v.MustValue().Clone()
		if err != nil {
			return nil, fmt.Errorf("mtl: the value of variable %q cannot be copied: %w", v.Path(), err)
		}
		in.given[v.Path()] = value
	}
	if on := host(); on != nil && draws <= hostDraws && in.build(on, undrawn) == nil {
		return in, nil
	}
	return in, in.build(backend, undrawn) // also what the host's backend lacks an operation for
}

// build makes the program on a backend.
func (in *initializer) build(backend compute.Backend, undrawn []*model.Variable) error {
	state := in.store.GetVariable("/" + model.RNGStateVariableName)
	err := state.MustValue().ToLocal()
	panicked := try(func() {
		// GoMLX makes the program and hands it over before its first use, whose values are not kept.
		err = errors.Join(err, in.store.InitializeVariables(backend, func(exec *model.Exec) error {
			in.exec = exec
			return nil
		}))
		for _, v := range undrawn {
			err = errors.Join(err, v.Reset())
		}
	})
	return errors.Join(err, panicked)
}

// fill gives a store the variables that it lacks, with the initial values of a seed, and the random state after these were drawn. What has a value keeps it.
func (in *initializer) fill(store *model.Store, seed int64) error {
	values, err := in.values(seed)
	if err != nil {
		return err
	}
	if store != in.store {
		for own := range in.store.IterVariables() {
			if own.Trainable && Frozen(store.Scope(own.Path())) {
				return fmt.Errorf("mtl: variable %q is frozen in the run's store but was compiled as trainable: freeze FitOptions.Store before Compile", own.Path())
			}
		}
		for path, value := range in.store.IterParams() {
			store.SetParam(path, value)
		}
	}
	store.SetParam("/"+model.ParamInitialSeed, seed)
	for own := range in.store.IterVariables() {
		v := store.GetVariable(own.Path())
		switch {
		case v == nil:
			if v, err = store.CreateVariable(own.Path(), values[own.Path()]); err == nil {
				v.SetTrainable(own.Trainable)
			}
		case !v.Shape().Equal(own.Shape()):
			err = fmt.Errorf("shaped %s in the store and %s in the model: use a new store, or the model that it was trained with", v.Shape(), own.Shape())
		case !v.HasValue() || v.Name() == model.RNGStateVariableName:
			err = v.SetValue(values[own.Path()])
		}
		if err != nil {
			return fmt.Errorf("mtl: variable %q cannot be initialised: %w", own.Path(), err)
		}
	}
	for _, order := range in.orders {
		if err := order.apply(store); err != nil {
			return err
		}
	}
	return nil
}

// values are the initial values of a seed, by path: drawn, or copies of those given.
func (in *initializer) values(seed int64) (map[string]*tensors.Tensor, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if err := in.store.SetRNGStateFromSeed(seed); err != nil {
		return nil, err
	}
	byPath := map[string]*tensors.Tensor{}
	var err error
	panicked := try(func() {
		if in.exec != nil {
			var values []*tensors.Tensor
			values, err = in.exec.Call()
			for i, value := range values { // off the backend that drew them
				err = errors.Join(err, value.ToLocal())
				byPath[in.drawn[i]] = value
			}
		}
	})
	if err = errors.Join(err, panicked); err != nil {
		return nil, fmt.Errorf("mtl: initial values cannot be drawn: %w", err)
	}
	state := in.store.GetVariable("/" + model.RNGStateVariableName)
	if err := state.MustValue().ToLocal(); err != nil {
		return nil, err
	}
	for path, value := range in.given {
		if path == state.Path() {
			value = state.MustValue()
		}
		if byPath[path], err = value.Clone(); err != nil {
			return nil, fmt.Errorf("mtl: the initial value of variable %q cannot be copied: %w", path, err)
		}
	}
	return byPath, nil
}

func (in *initializer) close() error {
	if in == nil || in.exec == nil {
		return nil
	}
	return try(in.exec.Finalize)
}
