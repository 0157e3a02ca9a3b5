package transfer

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// Gradual is gradual unfreezing (Howard and Ruder, "Universal Language Model Fine-tuning for Text Classification", ACL 2018): the first stage trains the
// heads on a frozen trunk, and each stage after it thaws one more layer, from the top down, until the last one trains all.
type Gradual struct {
	// Layers of the trunk from the inputs up, each a list of paths; nil means those of the function Layers.
	Layers [][]string
	// Stages is how many stages there are at most, the first included; the last always trains everything. 0 means one a layer and the first.
	Stages int
}

// Fit trains the stages, each by mtl.Fit with these options, whose Steps or Epochs are those of one stage, and returns their histories. The store must
// have the trunk. The optimiser's state begins anew with each stage. With a RunDir every stage has a folder in it, "stage-0", "stage-1", ...; the
// same call then goes on where an interrupt ended it.
func (u Gradual) Fit(ctx context.Context, m *mtl.Model, data mtl.Data, opts mtl.FitOptions) ([]*history.History, error) {
	if opts.Store == nil {
		return nil, fmt.Errorf("transfer: FitOptions.Store is nil: gradual unfreezing needs the store with the trained trunk, for example from LoadTrunk")
	}
	layers := u.Layers
	if layers == nil {
		var err error
		if layers, err = Layers(opts.Store); err != nil {
			return nil, err
		}
	}
	stages := len(layers) + 1
	if u.Stages > 0 {
		stages = min(stages, u.Stages)
	}
	if opts.Optimizer == nil {
		// Made here, so that it can be cleared; as Fit does it where there is none.
		opts.Optimizer = optimizer.Adam().Done()
		if opts.LearningRate == 0 {
			opts.LearningRate = optimizer.AdamDefaultLearningRate
		}
	}
	dir := opts.RunDir
	var histories []*history.History
	for stage := range stages {
		frozen := len(layers) - stage
		if stage == stages-1 {
			frozen = 0
		}
		if err := FreezeFirst(opts.Store, layers, frozen); err != nil {
			return histories, err
		}
		if err := restart(opts.Store, opts.Optimizer); err != nil {
			return histories, err
		}
		if dir != "" {
			opts.RunDir = filepath.Join(dir, fmt.Sprintf("stage-%d", stage))
		}
		h, err := mtl.Fit(ctx, m, data, opts)
		histories = append(histories, h)
		if err != nil {
			return histories, fmt.Errorf("transfer: stage %d of %d, with %d of %d layers frozen: %w", stage, stages, frozen, len(layers), err)
		}
	}
	return histories, nil
}

// restart removes the state of an optimiser.
func restart(store *model.Store, o optimizer.Interface) error {
	return try(func() error {
		if err := o.Clear(store.RootScope()); err != nil {
			return fmt.Errorf("transfer: the optimiser's state cannot be cleared: %w", err)
		}
		return optimizer.DeleteGlobalStep(store)
	})
}
