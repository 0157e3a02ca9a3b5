package mtl

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// WantIDs says that ids, an input of the model or one reshaped or converted, holds whole numbers from 0 to count-1, as a table with count rows needs them. What
// names the table in errors. Fit, Evaluate and Predict compare the data with it, a stream's batch by batch. Ids that a model computes are not compared.
func WantIDs(ids *graph.Node, count int, what string) {
	kept, found := model.GetGraphParam(ids.Graph(), idsKey)
	if !found {
		return
	}
	for ids.Type() == graph.NodeTypeReshape || ids.Type() == graph.NodeTypeConvertDType {
		ids = ids.Inputs()[0]
	}
	w := kept.(*wantedIDs)
	if i := slices.Index(w.inputs, ids); i >= 0 {
		if have, found := w.ranges[i]; !found || count < have.count {
			w.ranges[i] = idRange{count, what}
		}
	}
}

const idsKey = "/mtl_ids"

// wantedIDs are the ranges of a graph's inputs, by number.
type wantedIDs struct {
	inputs []*graph.Node // of the pass that is being built
	ranges idRanges
}

type idRanges map[int]idRange

type idRange struct {
	count int
	what  string
}

// watchIDs has WantIDs know the inputs of a pass.
func watchIDs(inputs []*graph.Node) {
	g := inputs[0].Graph()
	if kept, found := model.GetGraphParam(g, idsKey); found {
		kept.(*wantedIDs).inputs = inputs
		return
	}
	model.SetGraphParam(g, idsKey, &wantedIDs{inputs: inputs, ranges: idRanges{}})
}

// idsOf are the ranges that a traced graph wants.
func idsOf(g *graph.Graph) idRanges {
	if kept, found := model.GetGraphParam(g, idsKey); found {
		return kept.(*wantedIDs).ranges
	}
	return nil
}

// check names the first id out of range. what says of which inputs.
func (r idRanges) check(inputs []*tensors.Tensor, what string) error {
	for _, i := range slices.Sorted(maps.Keys(r)) {
		if i >= len(inputs) {
			continue
		}
		count, perExample := int64(r[i].count), max(1, inputs[i].Shape().Size()/max(1, inputs[i].Shape().Dimensions[0]))
		err := eachInt(inputs[i], func(k int, id int64) error {
			if id >= 0 && id < count {
				return nil
			}
			return fmt.Errorf("mtl: input %d of the %s: example %d has the id %d; wanted 0 to %d, the rows of the table of %s: make it larger, or map unknown ids to one of its rows",
				i, what, k/perExample, id, count-1, r[i].what)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachInt calls visit with every number of a tensor of integers, until one gives an error.
func eachInt(t *tensors.Tensor, visit func(i int, v int64) error) error {
	switch t.DType() {
	case dtypes.Int8:
		return eachOf[int8](t, visit)
	case dtypes.Int16:
		return eachOf[int16](t, visit)
	case dtypes.Int32:
		return eachOf[int32](t, visit)
	case dtypes.Int64:
		return eachOf[int64](t, visit)
	case dtypes.Uint8:
		return eachOf[uint8](t, visit)
	case dtypes.Uint16:
		return eachOf[uint16](t, visit)
	case dtypes.Uint32:
		return eachOf[uint32](t, visit)
	case dtypes.Uint64:
		return eachOf[uint64](t, visit)
	}
	return nil
}

func eachOf[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](t *tensors.Tensor, visit func(i int, v int64) error) (err error) {
	failed := tensors.ConstFlatData(t, func(flat []T) {
		for i, v := range flat {
			if err = visit(i, int64(v)); err != nil {
				return
			}
		}
	})
	if failed != nil {
		return failed
	}
	return err
}
