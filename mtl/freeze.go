package mtl

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/ml/model"
)

// Parameters of scopes that remember freezing.
const (
	frozenKey = "frozen"
	// thawKey marks a variable that is trainable when it is not frozen.
	thawKey = "trainable_when_not_frozen"
)

// Freeze keeps the variables under each path, such as "shared" or "shared/layer_0", from being trained: those of the store and those that a model will
// make there. It counts from the next Compile or Fit on. A frozen arch.BatchNorm uses its moving averages and leaves them alone. Training then
// takes no gradients there, so it costs less. (A stock GoMLX trainer that already ran must be told with ResetComputationGraphs, and makes new variables trainable.)
func Freeze(store *model.Store, paths ...string) { setFrozen(store, true, paths) }

// Unfreeze takes Freeze back for what lies under each path, also where a longer path is frozen or lies within a frozen one.
func Unfreeze(store *model.Store, paths ...string) { setFrozen(store, false, paths) }

// Frozen tells whether the variables under a scope are frozen.
func Frozen(scope *model.Scope) bool { return model.GetParamOr(scope, frozenKey, false) }

func setFrozen(store *model.Store, frozen bool, paths []string) {
	for _, p := range paths {
		root := path.Clean("/" + p)
		for key, value := range maps.Collect(store.IterParams()) {
			if dir, name := path.Split(key); name == frozenKey && value != frozen && strings.HasPrefix(dir, strings.TrimSuffix(root, "/")+"/") {
				store.SetParam(key, frozen)
			}
		}
		store.Scope(root).SetParam(frozenKey, frozen)
	}
	applyFreezing(store)
}

// applyFreezing sets the flags of the variables that are there.
func applyFreezing(store *model.Store) {
	for v := range store.IterVariables() {
		own := store.Scope(v.Path())
		switch frozen := Frozen(own); {
		case frozen && v.Trainable:
			v.SetTrainable(false)
			own.SetParam(thawKey, true)
		case !frozen && model.GetParamOr(own, thawKey, false):
			v.SetTrainable(true)
			own.SetParam(thawKey, false)
		}
	}
}

// frozenPaths lists what Freeze was called with, sorted.
func frozenPaths(store *model.Store) []string {
	var paths []string
	for key, value := range store.IterParams() {
		if dir, name := path.Split(key); name == frozenKey && value == true {
			paths = append(paths, strings.Trim(dir, "/"))
		}
	}
	slices.Sort(paths)
	return paths
}
