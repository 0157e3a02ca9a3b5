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
	return graph.Reshape(s.Parameters(path, []float64{value}))
}

// Parameters is Parameter for a vector, such as a preference [T].
func (s *Step) Parameters(path string, values []float64) *graph.Node {
	return parameters(s.Scope.Store(), s.Graph(), s.Losses.DType(), path, values)
}

// LayerParameter returns a hyper-parameter of a layer, such as its dropout rate, as a scalar: in training an input of the program under the path of the scope and
// the name, such as "shared/dropout", which SetHyperparameter changes between steps; a constant where nothing is trained.
func LayerParameter(scope *model.Scope, g *graph.Graph, dtype dtypes.DType, name string, value float64) *graph.Node {
	if !scope.IsTraining(g) {
		return graph.Scalar(g, dtype, value)
	}
	path := strings.TrimPrefix(model.JoinPath(scope.Scope(), name), "/")
	return graph.Reshape(parameters(scope.Store(), g, dtype, path, []float64{value}))
}

// parameters returns the variable of a hyper-parameter in the graph, which it makes of values where there is none.
func parameters(store *model.Store, g *graph.Graph, dtype dtypes.DType, path string, values []float64) *graph.Node {
	parts := strings.Split(path, "/")
	scope := store.Scope("/" + stateScope)
	for _, part := range parts[:len(parts)-1] {
		scope = scope.At("%s", part)
	}
	name := parts[len(parts)-1]
	given := fmt.Sprint(values)
	v := store.GetVariable(model.JoinPath(scope.Scope(), name))
	if v != nil && (v.DType() != dtype || v.Shape().Size() != len(values)) {
		panicf("hyper-parameter %q is %s; wanted %s[%d]: was the store used with other tasks?", path, v.Shape(), dtype, len(values))
	}
	// A value set between steps stays, also over a resumed run, until the field itself says something else.
	if last := model.GetParamOr(scope.At("%s", name), givenKey, ""); v == nil || last != given {
		value, err := vector(dtype, values)
		if v == nil && err == nil {
			v = scope.VariableWithValue(name, value)
		} else if err == nil {
			err = v.SetValue(value)
		}
		if err != nil {
			panicf("hyper-parameter %q cannot be set to %v: %v", path, values, err)
		}
		scope.At("%s", name).SetParam(givenKey, given)
	}
	return v.SetTrainable(false).NodeValue(g)
}

// SetHyperparameter changes a hyper-parameter of the weighting or a layer that the store was trained with, for the steps to come. path is as Hyperparameters lists it.
func SetHyperparameter(store *model.Store, path string, values ...float64) error {
	v := store.GetVariable("/" + stateScope + "/" + path)
	known := Hyperparameters(store)
	if v == nil || !slices.Contains(known, path) {
		return fmt.Errorf("mtl: there is no hyper-parameter %q: there are %q (none before the first step)", path, known)
	}
	if len(values) != v.Shape().Size() {
		return fmt.Errorf("mtl: hyper-parameter %q takes %d numbers, got %d", path, v.Shape().Size(), len(values))
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
