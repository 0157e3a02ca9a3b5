package transfer

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

func panicf(format string, args ...any) { exceptions.Panicf("mtl: "+format, args...) }

// try runs what may panic, as graph-building code does, and returns the panic as an error.
func try(fn func() error) (err error) {
	if panicked := exceptions.TryCatch[error](func() { err = fn() }); panicked != nil {
		err = panicked
	}
	return err
}

// trunk is what paths mean where none are given.
func trunk(paths []string) []string {
	if len(paths) == 0 {
		return []string{mtl.SharedScope}
	}
	return paths
}

// under tells whether a variable lies under one of the paths, or is it.
func under(variable string, paths []string) bool {
	for _, p := range paths {
		root := strings.TrimSuffix(path.Clean("/"+p), "/")
		if variable == root || strings.HasPrefix(variable, root+"/") {
			return true
		}
	}
	return false
}

// named is a value with the path of its variable.
type named struct {
	path  string
	value *tensors.Tensor
}

// valuesOf are local copies of the values under the paths, in the order in which the variables were made.
func valuesOf(store *model.Store, paths []string) (values []named, err error) {
	for v := range store.IterVariables() {
		if !under(v.Path(), paths) {
			continue
		}
		if !v.HasValue() {
			return nil, fmt.Errorf("transfer: variable %q has no value yet: train the model or load its values first", v.Path())
		}
		value, err := v.MustValue().LocalClone()
		if err != nil {
			return nil, fmt.Errorf("transfer: the value of variable %q cannot be copied: %w", v.Path(), err)
		}
		values = append(values, named{v.Path(), value})
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("transfer: the store has no variables under %q: it has those under %q", paths, topScopes(store))
	}
	return values, nil
}

// topScopes are the first parts of the variables' paths.
func topScopes(store *model.Store) (names []string) {
	seen := map[string]bool{}
	for v := range store.IterVariables() {
		if name, _, inScope := strings.Cut(strings.TrimPrefix(v.Path(), "/"), "/"); inScope && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// setValues gives the variables of the store under the paths these values: all of them or, with an error, none. A store that has no variable there gets them.
func setValues(store *model.Store, paths []string, values []named, from string) error {
	there := map[string]shapes.Shape{}
	var problems []string
	for _, n := range values {
		there[n.path] = n.value.Shape()
	}
	empty := true
	for v := range store.IterVariables() {
		if !under(v.Path(), paths) {
			continue
		}
		empty = false
		switch shape, found := there[v.Path()]; {
		case !found:
			problems = append(problems, fmt.Sprintf("%s is missing there and %s here", v.Path(), v.Shape()))
		case !shape.Equal(v.Shape()):
			problems = append(problems, fmt.Sprintf("%s is %s there and %s here", v.Path(), shape, v.Shape()))
		}
	}
	if !empty {
		for _, n := range values {
			if store.GetVariable(n.path) == nil {
				problems = append(problems, fmt.Sprintf("%s is %s there and missing here", n.path, n.value.Shape()))
			}
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("transfer: what is under %q in %s does not fit the store:\n  %s\nUse the architecture that it was trained with, or give only the paths that fit",
			paths, from, strings.Join(problems, "\n  "))
	}
	var errs []error
	for _, n := range values {
		v := store.GetVariable(n.path)
		var err error
		if v == nil {
			_, err = store.CreateVariable(n.path, n.value)
		} else {
			err = v.SetValue(n.value)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("transfer: variable %q cannot be set: %w", n.path, err))
		}
	}
	return errors.Join(errs...)
}
