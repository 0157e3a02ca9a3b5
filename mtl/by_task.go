package mtl

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

const (
	// namesSuffix ends the name of the variable that holds the tasks of another, as a JSON list in
	// bytes: a permutation of them has the same length.
	namesSuffix = ".tasks"
	// axesKey is the parameter of a variable's path that remembers which axes are by task.
	axesKey = "task_axes"
)

// TaskVariable returns the variable of a scope that has entries for each of the tasks along some
// axes, the first where none is given. It is made where there is none, as Scope.VariableWithShape
// does.
//
// The entries follow the names of the tasks: a store that goes on with its tasks in another order
// gets them, and what optimisers keep of them, permuted. The names lie in a variable next to it, so
// that checkpoints and copies keep them. Other tasks than those that the store was trained with
// panic.
func TaskVariable(scope *model.Scope, name string, shape shapes.Shape, tasks []string, axes ...int) *model.Variable {
	if len(axes) == 0 {
		axes = []int{0}
	}
	for _, axis := range axes {
		if axis >= shape.Rank() || shape.Dimensions[axis] != len(tasks) {
			panicf("variable %q is shaped %s; wanted %d tasks along the axes %v", name, shape, len(tasks), axes)
		}
	}
	store, path := scope.Store(), model.JoinPath(scope.Scope(), name)
	order := taskOrder{path, tasks, axes}
	if err := order.apply(store); err != nil {
		panic(err)
	}
	if v := store.GetVariable(path); v != nil && !v.Shape().Equal(shape) {
		panicf("variable %q is shaped %s in the store and %s for the tasks %q: %s", path, v.Shape(), shape, tasks, order.advice())
	}
	if store.GetVariable(path+namesSuffix) == nil {
		scope.VariableWithValue(name+namesSuffix, encoded(tasks)).SetTrainable(false)
	}
	store.SetParam(model.JoinPath(path, axesKey), axes)
	return scope.VariableWithShape(name, shape)
}

// KeepOrder is for an architecture that means something by the order of its tasks, such as each
// being built on the one before. Its scope remembers the order in the store; tasks in another one,
// but for the first of them alone, panic.
func KeepOrder(scope *model.Scope, tasks []string) {
	store, name := scope.Store(), "order"+namesSuffix
	have, err := namesIn(store, model.JoinPath(scope.Scope(), "order"))
	switch {
	case err != nil:
		panic(err)
	case have == nil && store.GetVariable(model.JoinPath(scope.Scope(), name)) == nil:
		scope.VariableWithValue(name, encoded(tasks)).SetTrainable(false)
	case have != nil && (len(tasks) > len(have) || !slices.Equal(tasks, have[:len(tasks)])):
		panicf("the store was trained with the tasks %q in this order, which their architecture goes by; the model has %q: use this order, or another store", have, tasks)
	}
}

// isTaskNames is true of the variables that hold the tasks of others.
func isTaskNames(v *model.Variable) bool { return strings.HasSuffix(v.Name(), namesSuffix) }

// taskOrder is the order of the tasks that a graph was built with, along axes of a variable.
type taskOrder struct {
	path  string
	tasks []string
	axes  []int
}

// orderOf is the order that the store has a variable in; false where it has none.
func orderOf(store *model.Store, path string) (taskOrder, bool) {
	axes, found := store.GetParam(model.JoinPath(path, axesKey))
	if !found {
		return taskOrder{}, false
	}
	tasks, err := namesIn(store, path)
	return taskOrder{path, tasks, axes.([]int)}, err == nil && tasks != nil
}

// apply brings the variable of a store, if it has it, and what goes with it into this order.
func (o taskOrder) apply(store *model.Store) error {
	have, err := namesIn(store, o.path)
	if err != nil || have == nil || slices.Equal(have, o.tasks) {
		return err
	}
	from := make([]int, len(o.tasks))
	for i, name := range o.tasks {
		from[i] = slices.Index(have, name)
	}
	if len(have) != len(from) || slices.Contains(from, -1) {
		return fmt.Errorf("mtl: variable %q of the store is of the tasks %q, the model has %q: %s", o.path, have, o.tasks, o.advice())
	}
	v := store.GetVariable(o.path)
	if v == nil {
		return store.GetVariable(o.path + namesSuffix).SetValue(tensors.FromValue(encoded(o.tasks)))
	}
	dims := v.Shape().Dimensions
	for other := range store.IterVariables() {
		if other != v && !(o.copies(other.Path()) && slices.Equal(other.Shape().Dimensions, dims)) || !other.HasValue() {
			continue
		}
		for _, axis := range o.axes {
			value, err := permuted(other.MustValue(), axis, from)
			if err == nil {
				err = other.SetValue(value)
			}
			if err != nil {
				return fmt.Errorf("mtl: variable %q cannot be brought into the order of the tasks %q: %w", other.Path(), o.tasks, err)
			}
		}
	}
	return store.GetVariable(o.path + namesSuffix).SetValue(tensors.FromValue(encoded(o.tasks)))
}

// copies is true of the path of what is kept of the variable elsewhere: moments of an optimiser,
// the value that an anchor draws it to.
func (o taskOrder) copies(path string) bool {
	at := strings.Index(path, o.path)
	if at < 1 {
		return false
	}
	rest := path[at+len(o.path):]
	return rest == "" || rest[0] == '_' || rest[0] == '/'
}

// advice says what to do about other tasks.
func (o taskOrder) advice() string {
	if strings.HasPrefix(o.path, "/"+stateScope+"/") {
		return "clear the weighting's state with mtl.Optimizer(...).Clear, or use another store"
	}
	return "use another store, or the tasks that this one was trained with"
}

// namesIn are the tasks that a store has for a variable, nil where it has none.
func namesIn(store *model.Store, path string) (names []string, err error) {
	v := store.GetVariable(path + namesSuffix)
	if v == nil || !v.HasValue() {
		return nil, nil
	}
	flat, err := tensors.CopyFlatData[uint8](v.MustValue())
	if err == nil {
		err = json.Unmarshal(flat, &names)
	}
	if err != nil {
		return nil, fmt.Errorf("mtl: variable %q does not hold names of tasks: %w", v.Path(), err)
	}
	return names, nil
}

func encoded(tasks []string) []byte {
	text, err := json.Marshal(tasks)
	if err != nil {
		exceptions.Panicf("mtl: task names %q: %v", tasks, err) // strings always encode
	}
	return text
}

// permuted is a copy whose entry i along an axis is the entry from[i] of t.
func permuted(t *tensors.Tensor, axis int, from []int) (*tensors.Tensor, error) {
	shape := t.Shape()
	inner := int(shape.ByteSize())
	for _, d := range shape.Dimensions[:axis+1] {
		inner /= d
	}
	outer := int(shape.ByteSize()) / (inner * len(from))
	result := tensors.FromShape(shape.Clone())
	var failed error
	err := t.ConstBytes(func(old []byte) {
		failed = result.MutableBytes(func(to []byte) {
			for block := range outer {
				for i, k := range from {
					at, source := (block*len(from)+i)*inner, (block*len(from)+k)*inner
					copy(to[at:at+inner], old[source:source+inner])
				}
			}
		})
	})
	if err == nil {
		err = failed
	}
	return result, err
}
