package mtl

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// givenKey is the scope parameter that remembers which value a method's field had when a hyper-parameter was last set from it.
const givenKey = "given"

// Parameter returns a hyper-parameter of the method as a scalar of the losses' type. It is an input of the program, so SetHyperparameter changes it between
// steps without a compilation. path is "<method>/<name>", such as "cagrad/c"; value is what the method's field says.
func (s *Step) Parameter(path string, value float64) *graph.Node {
	return graph.Reshape(parameters(s.Scope.Store(), hyperparameter{s.Graph(), s.Losses.DType(), path, nil}, []float64{value}))
}

// Parameters is Parameter for a vector with a number for each task, such as a preference [T]. It follows the tasks as TaskVariable says.
func (s *Step) Parameters(path string, values []float64) *graph.Node {
	if len(values) != s.Tasks() {
		panicf("hyper-parameter %q has the values %v for the tasks %q; wanted a number for each", path, values, s.Names)
	}
	return parameters(s.Scope.Store(), hyperparameter{s.Graph(), s.Losses.DType(), path, s.Names}, values)
}

// LayerParameter returns a hyper-parameter of a layer, such as its dropout rate, as a scalar: in training an input of the program under the path of the scope and
// the name, such as "shared/dropout", which SetHyperparameter changes between steps; a constant where nothing is trained.
func LayerParameter(scope *model.Scope, g *graph.Graph, dtype dtypes.DType, name string, value float64) *graph.Node {
	if !scope.IsTraining(g) {
		return graph.Scalar(g, dtype, value)
	}
	path := strings.TrimPrefix(model.JoinPath(scope.Scope(), name), "/")
	return graph.Reshape(parameters(scope.Store(), hyperparameter{g, dtype, path, nil}, []float64{value}))
}

// hyperparameter is a scalar, or a vector by task, in a graph.
type hyperparameter struct {
	g     *graph.Graph
	dtype dtypes.DType
	path  string
	tasks []string // nil for a scalar
}

// text are the values as they are compared with those of an earlier graph: by task, whatever the order.
func (h hyperparameter) text(values []float64) string {
	if h.tasks == nil {
		return fmt.Sprint(values)
	}
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = fmt.Sprintf("%q: %v", h.tasks[i], v)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// parameters returns the variable of a hyper-parameter in the graph, which it makes of values where there is none.
func parameters(store *model.Store, h hyperparameter, values []float64) *graph.Node {
	path, dtype := h.path, h.dtype
	parts := strings.Split(path, "/")
	scope := store.Scope("/" + stateScope)
	for _, part := range parts[:len(parts)-1] {
		scope = scope.At("%s", part)
	}
	name := parts[len(parts)-1]
	given := h.text(values)
	byTask := func() {
		if h.tasks != nil {
			TaskVariable(scope, name, shapes.Make(dtype, len(values)), h.tasks)
		}
	}
	v := store.GetVariable(model.JoinPath(scope.Scope(), name))
	if v != nil {
		byTask()
	}
	if v != nil && (v.DType() != dtype || v.Shape().Size() != len(values)) {
		panicf("hyper-parameter %q is %s; wanted %s[%d]: was the store used with other tasks?", path, v.Shape(), dtype, len(values))
	}
	// A value set between steps stays, also over a resumed run, until the field itself says something else.
	if last := model.GetParamOr(scope.At("%s", name), givenKey, ""); v == nil || last != given {
		value, err := vector(dtype, values)
		if v == nil && err == nil {
			v = scope.VariableWithValue(name, value)
			byTask()
		} else if err == nil {
			err = v.SetValue(value)
		}
		if err != nil {
			panicf("hyper-parameter %q cannot be set to %v: %v", path, values, err)
		}
		scope.At("%s", name).SetParam(givenKey, given)
	}
	return v.SetTrainable(false).NodeValue(h.g)
}

// SetHyperparameter changes a hyper-parameter of the weighting or a layer that the store was trained with, for the steps to come. path is as Hyperparameters lists it;
// another, or another number of values, is a *HyperparameterError.
func SetHyperparameter(store *model.Store, path string, values ...float64) error {
	v := store.GetVariable("/" + stateScope + "/" + path)
	known := Hyperparameters(store)
	if v == nil || !slices.Contains(known, path) {
		return &HyperparameterError{path, fmt.Sprintf("there is no hyper-parameter %q: there are %q (none before the first step)", path, known)}
	}
	if len(values) != v.Shape().Size() {
		return &HyperparameterError{path, fmt.Sprintf("hyper-parameter %q takes %d numbers, got %d", path, v.Shape().Size(), len(values))}
	}
	for _, x := range values {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("mtl: hyper-parameter %q cannot be %v; wanted finite numbers", path, values)
		}
	}
	value, err := vector(v.DType(), values)
	if err != nil {
		return err
	}
	return v.SetValue(value)
}

// Hyperparameters lists the hyper-parameters of weighting and layers that the store was trained with, sorted.
func Hyperparameters(store *model.Store) []string {
	var paths []string
	prefix := "/" + stateScope + "/"
	for v := range store.Scope("/" + stateScope).IterVariables() {
		path := v.Path()
		if model.GetParamOr(store.Scope(path), givenKey, "") != "" {
			paths = append(paths, strings.TrimPrefix(path, prefix))
		}
	}
	slices.Sort(paths)
	return paths
}

func vector(dtype dtypes.DType, values []float64) (*tensors.Tensor, error) {
	return tensors.FromAnyValue(shapes.CastAsDType(values, dtype))
}
