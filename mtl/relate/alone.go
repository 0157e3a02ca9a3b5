package relate

import (
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Alone gives each task a model of its own of the same architecture: the single-task models of all tasks in one graph, which one compilation and one run train. No variable is
// shared, so that with any optimiser that takes each parameter by itself (SGD, Adam, AdamW), equal weights and no clipping, each is trained as it would be alone on the same
// batches. What Arch calls shared lies under "task/NAME/alone/shared".
type Alone struct{ Arch mtl.Architecture }

const aloneScope = "alone"

// Features implements mtl.Architecture.
func (a Alone) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	features := make([]*graph.Node, len(tasks))
	for i := range tasks {
		own := mtl.ScopeOf(scope, tasks[i].Name).At(aloneScope)
		features[i] = a.Arch.Features(own, inputs, tasks[i:i+1])[0]
	}
	return features
}

// Separate is the model whose tasks are trained alone.
func Separate(m *mtl.Model) *mtl.Model { return &mtl.Model{Arch: Alone{m.Arch}, Tasks: m.Tasks} }

// trunkPath is where the trunk of a task trained alone lies.
func trunkPath(task string) string {
	return model.JoinPath("/"+mtl.TaskScope, mtl.ScopeName(task), aloneScope, mtl.SharedScope)
}

// Join puts models that were trained on one task each, by task, into one store for Separate(m): their shared variables and those of their heads.
func Join(m *mtl.Model, stores map[string]*model.Store) (*model.Store, error) {
	joined := model.NewStore()
	for _, name := range m.TaskNames() {
		store := stores[name]
		if store == nil {
			return nil, fmt.Errorf("relate: there is no store for task %q", name)
		}
		shared, own := "/"+mtl.SharedScope+"/", "/"+model.JoinPath(mtl.TaskScope, mtl.ScopeName(name))+"/"
		count := 0
		for v := range store.IterVariables() {
			var to string
			switch rest, found := strings.CutPrefix(v.Path(), shared); {
			case found:
				to = trunkPath(name) + "/" + rest
			case strings.HasPrefix(v.Path(), own):
				to = v.Path()
			default:
				continue
			}
			if err := setVariable(joined, to, v); err != nil {
				return nil, err
			}
			count++
		}
		if count == 0 {
			return nil, fmt.Errorf("relate: the store for task %q has no variables under %q or %q", name, shared, own)
		}
	}
	return joined, nil
}

// setVariable gives a variable the value of another, and makes it where it is not there.
func setVariable(store *model.Store, path string, v *model.Variable) error {
	value, err := v.Value()
	if err != nil {
		return fmt.Errorf("relate: variable %q has no value: %w", v.Path(), err)
	}
	value, err = value.Clone()
	if err != nil {
		return fmt.Errorf("relate: the value of variable %q cannot be copied: %w", v.Path(), err)
	}
	if there := store.GetVariable(path); there != nil {
		return there.SetValue(value)
	}
	made, err := store.CreateVariable(path, value)
	if err != nil {
		return fmt.Errorf("relate: variable %q cannot be made: %w", path, err)
	}
	made.SetTrainable(v.Trainable)
	return nil
}
