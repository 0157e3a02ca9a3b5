package transfer

import (
	"fmt"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// CopyTrunk gives the trunk of one store the values of another's: all variables under the paths, by default "shared", moving averages of batch normalisation
// included, the state of optimisers not. The heads may differ. Where to has variables there, the two must agree: the error names each variable that is
// missing on a side or has another shape, with both shapes, and nothing is changed. Where to has none, as before the first Fit, it gets them; call
// Declare before to have them checked against a model.
func CopyTrunk(from, to *model.Store, paths ...string) error {
	paths = trunk(paths)
	values, err := valuesOf(from, paths)
	if err != nil {
		return err
	}
	return setValues(to, paths, values, "the other store")
}

// LoadRunTrunk is CopyTrunk from a checkpoint of a run folder; which is "best" or "last", as in mtl.LoadCheckpoint.
func LoadRunTrunk(dir, which string, store *model.Store, paths ...string) error {
	from := model.NewStore()
	if err := mtl.LoadCheckpoint(from, dir, which); err != nil {
		return err
	}
	paths = trunk(paths)
	values, err := valuesOf(from, paths)
	if err != nil {
		return fmt.Errorf("%w (run folder %s)", err, dir)
	}
	return setValues(store, paths, values, "the run folder "+dir)
}
