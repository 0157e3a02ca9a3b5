package transfer

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Layers are the layers of a trunk, by default "shared", in the order in which it made their variables, which is from the inputs up: for each the scopes of
// its variables, as Freeze takes them. A scope with a matrix or a kernel begins a layer; scopes with vectors alone, as of normalisation, belong to the layer before. A
// trunk whose layers are larger, such as attention, is best given by hand, as lists of paths.
func Layers(store *model.Store, paths ...string) ([][]string, error) {
	paths = trunk(paths)
	layers := layersOf(store, paths)
	if len(layers) == 0 {
		return nil, fmt.Errorf("transfer: the store has no variables under %q yet: train the model, load a trunk or call Declare first", paths)
	}
	return layers, nil
}

func layersOf(store *model.Store, paths []string) (layers [][]string) {
	for v := range store.IterVariables() {
		if !under(v.Path(), paths) {
			continue
		}
		scope := strings.TrimPrefix(path.Dir(v.Path()), "/")
		last := len(layers) - 1
		switch {
		case slices.ContainsFunc(layers, func(l []string) bool { return slices.Contains(l, scope) }):
		case last < 0 || v.Shape().Rank() >= 2:
			layers = append(layers, []string{scope})
		default:
			layers[last] = append(layers[last], scope)
		}
	}
	return layers
}

// FreezeFirst freezes the first n layers, as Layers lists them, and unfreezes the others. It counts from the next Fit on.
func FreezeFirst(store *model.Store, layers [][]string, n int) error {
	if n < 0 || n > len(layers) {
		return fmt.Errorf("transfer: cannot freeze the first %d of %d layers", n, len(layers))
	}
	for i, layer := range layers {
		if i < n {
			mtl.Freeze(store, layer...)
		} else {
			mtl.Unfreeze(store, layer...)
		}
	}
	return nil
}
