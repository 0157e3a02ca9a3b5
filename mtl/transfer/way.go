package transfer

import (
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl"
)

// Way is one way of training the target task, for Compare.
type Way struct {
	Name string
	// Start prepares the store of a run, of a source model that is trained; nil trains from scratch.
	Start func(store, source *model.Store) error
	// Freeze are paths that are not trained.
	Freeze []string
	// Together trains the source's tasks too, on the source's data, as one multi-task model.
	Together bool
	// Weighting of a way that trains together; nil means the one of Options.Fit.
	Weighting mtl.Weighting
	// Optimizer in place of that of Options.Fit, such as an Anchored or LayerRates around one of its kind. Its anchors are made by Start.
	Optimizer optimizer.Interface
}

// FromScratch trains without the source.
func FromScratch() Way { return Way{Name: "from scratch"} }

// FineTuned begins with the source's trunk and trains all.
func FineTuned() Way { return Way{Name: "fine-tuned", Start: copyTrunk} }

// Frozen trains the heads alone, on the source's trunk.
func Frozen() Way {
	return Way{Name: "frozen trunk", Start: copyTrunk, Freeze: []string{mtl.SharedScope}}
}

// MultiTask trains both tasks at once. The target's examples are repeated until they are as many as the source's.
func MultiTask(w mtl.Weighting) Way { return Way{Name: "multi-task", Together: true, Weighting: w} }

func copyTrunk(store, source *model.Store) error { return CopyTrunk(source, store) }
