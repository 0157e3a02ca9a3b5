package mtl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// listed is how many variables an error names.
const listed = 8

// isModelPath is true of the paths of a model's own variables: not the state of weightings and
// optimisers, which a store may lack.
func isModelPath(path string) bool {
	return strings.HasPrefix(path, "/"+SharedScope+"/") || strings.HasPrefix(path, "/"+TaskScope+"/")
}

func allPaths(string) bool { return true }
func noPath(string) bool   { return false }

// modelPaths are the paths of a store's variables that are a model's own and have values.
func modelPaths(store *model.Store) map[string]bool {
	paths := map[string]bool{}
	for v := range store.IterVariables() {
		if isModelPath(v.Path()) && v.HasValue() && !isTaskNames(v) { // these are read, not computed with
			paths[v.Path()] = true
		}
	}
	return paths
}

// sameVariables lists what keeps the variables of a checkpoint from being those of a store: of those
// that compared selects, every variable that one of them lacks, and of all every other shape.
func sameVariables(saved, store *model.Store, compared func(path string) bool) error {
	var errs []error
	only := func(a, b *model.Store) (paths []string) {
		for v := range a.IterVariables() {
			if compared(v.Path()) && !isTaskNames(v) && b.GetVariable(v.Path()) == nil {
				paths = append(paths, v.Path())
			}
		}
		return paths
	}
	errs = append(errs, variablesError("it lacks variables of the model", only(store, saved)),
		variablesError("it has variables that the model lacks", only(saved, store)))
	for v := range saved.IterVariables() {
		if own := store.GetVariable(v.Path()); own != nil && !own.Shape().Equal(v.Shape()) {
			errs = append(errs, fmt.Errorf("variable %q is shaped %s there and %s in the model", v.Path(), v.Shape(), own.Shape()))
		}
	}
	if err := errors.Join(errs[:min(len(errs), listed)]...); err != nil {
		return fmt.Errorf("%w; build the model as it was when the run began, or choose another run folder", err)
	}
	return nil
}

// variablesError is nil without paths.
func variablesError(what string, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	slices.Sort(paths)
	more := ""
	if len(paths) > listed {
		more = fmt.Sprintf(" and %d more", len(paths)-listed)
	}
	return fmt.Errorf("%s: %s%s", what, strings.Join(paths[:min(len(paths), listed)], ", "), more)
}

// trained are the paths of a model's variables that a store had before a graph was built on it. Such
// a store must have every variable of the graph's model, and none that the model lacks: else a figure
// would be of a network that nobody trained.
type trained map[string]bool

func trainedIn(store *model.Store) trained { return modelPaths(store) }

// check reports a model that is not the one of the store; used are the paths of its graph. Variables
// of tasks that the model leaves out do not matter.
func (t trained) check(m *Model, used []string) error {
	if len(t) == 0 {
		return nil // nothing was trained: initial values are what is asked for
	}
	var missing, surplus []string
	known := map[string]bool{}
	for _, path := range used {
		known[path] = true
		if isModelPath(path) && !t[path] {
			missing = append(missing, path)
		}
	}
	own := []string{model.JoinPath("/", SharedScope) + "/"}
	for _, name := range m.TaskNames() {
		own = append(own, model.JoinPath("/", TaskScope, ScopeName(name))+"/")
	}
	for path := range t {
		if !known[path] && slices.ContainsFunc(own, func(scope string) bool { return strings.HasPrefix(path, scope) }) {
			surplus = append(surplus, path)
		}
	}
	err := errors.Join(variablesError("the store lacks variables of the model", missing),
		variablesError("the store has variables that the model lacks", surplus))
	if err != nil {
		return fmt.Errorf("mtl: the store is of another model: %w; build the model as it was trained", err)
	}
	return nil
}

// usedIn are the paths of the variables that a graph uses.
func usedIn(g *graph.Graph, store *model.Store) (paths []string) {
	for v := range store.IterVariables() {
		if v.InUseByGraph(g) {
			paths = append(paths, v.Path())
		}
	}
	return paths
}
