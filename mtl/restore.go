package mtl

import (
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// snapshot holds copies of a store's values, by path.
type snapshot map[string]*tensors.Tensor

func snapshotOf(store *model.Store) (snapshot, error) {
	s := snapshot{}
	for v := range store.IterVariables() {
		value, err := v.Value()
		if err == nil {
			s[v.Path()], err = value.LocalClone()
		}
		if err != nil {
			return nil, fmt.Errorf("mtl: the value of variable %q cannot be copied: %w", v.Path(), err)
		}
	}
	return s, nil
}

// restore gives the values back; the snapshot is used up.
func (s snapshot) restore(store *model.Store) (err error) {
	for path, value := range s {
		err = errors.Join(err, store.GetVariable(path).SetValue(value))
	}
	return err
}

// keepBest remembers the variables of the best validation; a run folder has them anyway.
func (f *fit) keepBest() (err error) {
	if f.options.RestoreBest && f.options.RunDir == "" {
		f.best, err = snapshotOf(f.options.Store)
	}
	return err
}

// restoreBest puts the variables of the best validation in the store of a complete run.
func (f *fit) restoreBest() error {
	switch {
	case !f.options.RestoreBest || !f.complete() || len(f.validations) == 0:
		return nil
	case f.options.RunDir != "":
		return LoadCheckpoint(f.options.Store, f.options.RunDir, "best")
	}
	return f.best.restore(f.options.Store)
}
