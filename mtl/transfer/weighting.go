package transfer

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// weightingScope is where weightings keep their state.
const weightingScope = "mtl"

// LoadRunWeighting gives the store the state of a weighting, such as learnt variances or averages of losses, from the last checkpoint of a run, so that a new run
// with the same method begins with it. The tasks must be those of the run, in the same order: the state is by task. Settings of the method, its
// hyper-parameters, are those of the new run.
func LoadRunWeighting(dir string, store *model.Store, m *mtl.Model) error {
	h, err := history.Load(dir)
	if err != nil {
		return err
	}
	var names []string
	for _, t := range h.Run.Tasks {
		names = append(names, t.Name)
	}
	if !slices.Equal(names, m.TaskNames()) {
		return fmt.Errorf("transfer: the run in %s has the tasks %q and the model %q: the state of a weighting is by task, so they must be the same, in the same order",
			dir, names, m.TaskNames())
	}
	if err := LoadRunTrunk(dir, "last", store, weightingScope); err != nil {
		return fmt.Errorf("%w; the run's weighting is %s", err, h.Run.Weighting)
	}
	return nil
}
