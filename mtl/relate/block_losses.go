package relate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// blockLosses are the losses of all tasks on blocks of consecutive examples, [task][block], in inference mode. Tasks must be labelled everywhere.
type blockLosses struct {
	store  *model.Store // of the program; takes the values of the store that is asked for
	exec   *model.Exec
	args   []any
	blocks int
}

// newBlockLosses compiles once for any number of stores.
func newBlockLosses(b compute.Backend, m *mtl.Model, split *mtl.Split, blocks int) (*blockLosses, error) {
	n := split.Len()
	blocks = min(blocks, n)
	e := &blockLosses{blocks: blocks, store: model.NewStore()}
	for _, t := range split.Inputs {
		e.args = append(e.args, t)
	}
	inputs := len(e.args)
	for i := range m.Tasks {
		name := m.Tasks[i].Name
		if split.Masks[name] != nil || m.Tasks[i].IgnoreLabel != nil {
			return nil, fmt.Errorf("relate: task %q has unlabelled examples; transfer is judged on validation data with all labels", name)
		}
		e.args = append(e.args, split.Labels[name])
	}
	var err error
	e.exec, err = model.NewExec(b, e.store, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		predictions := m.Graph(scope, nil, nodes[:inputs])
		var losses []*graph.Node
		for i := range m.Tasks {
			for k := range blocks {
				part := func(x *graph.Node) *graph.Node {
					return graph.SliceAxis(x, 0, graph.AxisRange(k*n/blocks, (k+1)*n/blocks))
				}
				loss := m.Tasks[i].Loss([]*graph.Node{part(nodes[inputs+i])}, []*graph.Node{part(predictions[i])})
				losses = append(losses, graph.ConvertDType(loss, dtypes.Float64))
			}
		}
		return []*graph.Node{graph.Stack(losses, 0)}
	})
	return e, err
}

func (e *blockLosses) of(ctx context.Context, store *model.Store) (losses [][]float64, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("relate: the losses cannot be computed: %v", p)
		}
	}()
	for v := range store.IterVariables() {
		if !strings.HasPrefix(v.Path(), "/"+mtl.TaskScope+"/") {
			continue
		}
		if err := setVariable(e.store, v.Path(), v); err != nil {
			return nil, err
		}
	}
	outputs, err := e.exec.Call(e.args...)
	if err != nil {
		return nil, err
	}
	flat, err := tensors.CopyFlatData[float64](outputs[0])
	if err != nil {
		return nil, err
	}
	for block := range slices.Chunk(flat, e.blocks) {
		losses = append(losses, block)
	}
	return losses, nil
}

func (e *blockLosses) close() {
	if e != nil && e.exec != nil {
		e.exec.Finalize()
	}
}
