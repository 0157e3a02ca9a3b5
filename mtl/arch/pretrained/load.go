package pretrained

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// entry says which tensor of a file becomes which variable.
type entry struct {
	// names are those that the tensor goes by in one file or another.
	names []string
	// path of the variable below the trunk's scope.
	path string
	// shape in the file.
	shape []int
	// order lists the file's axes in the order of the variable's; nil means the same.
	order []int
	// fixed variables are not trained.
	fixed bool
}

// load makes the variables of all entries below a scope of the store, or gives those that are there new values. It changes nothing where it returns an error, which
// lists every tensor that is missing or has another shape, and those that no entry is for although their names begin with one of parts: the network lacks a layer.
func load(store *model.Store, scope string, f *File, entries []entry, parts ...string) error {
	scope = "/" + strings.Trim(scope, "/")
	names := make([]string, len(entries))
	var missing, wrong []string
	for i, e := range entries {
		at := slices.IndexFunc(e.names, func(name string) bool { _, found := f.Shape(name); return found })
		if at < 0 {
			missing = append(missing, e.names[0])
			continue
		}
		names[i] = e.names[at]
		if shape, _ := f.Shape(names[i]); !slices.Equal(shape, e.shape) {
			wrong = append(wrong, fmt.Sprintf("%s is %v, not %v", names[i], shape, e.shape))
			continue
		}
		path := model.JoinPath(scope, e.path)
		if v := store.GetVariable(path); v != nil && !slices.Equal(v.Shape().Dimensions, moved(e.shape, e.order)) {
			wrong = append(wrong, fmt.Sprintf("%s does not fit the variable %s of shape %v in the store", names[i], path, v.Shape().Dimensions))
		}
	}
	extra := surplus(f.Names(), names, parts)
	if len(missing)+len(wrong)+len(extra) > 0 {
		message := fmt.Sprintf("mtl: %s has other tensors than the network:", f.name)
		if len(missing) > 0 {
			message += fmt.Sprintf(" %d are missing: %s;", len(missing), strings.Join(missing, ", "))
		}
		if len(wrong) > 0 {
			message += fmt.Sprintf(" %d have another shape: %s;", len(wrong), strings.Join(wrong, ", "))
		}
		if len(extra) > 0 {
			message += fmt.Sprintf(" the network has no place for %d: %s;", len(extra), some(extra))
		}
		return fmt.Errorf("%s do the fields of the trunk say what the file was made with? It has %s", message, some(f.Names()))
	}
	values := make([]*tensors.Tensor, len(entries))
	for i, e := range entries {
		flat, err := f.Numbers(names[i])
		if err != nil {
			return err
		}
		values[i] = tensors.FromFlatDataAndDimensions(transpose(flat, e.shape, e.order), moved(e.shape, e.order)...)
	}
	for i, e := range entries {
		if err := put(store, model.JoinPath(scope, e.path), values[i], e.fixed); err != nil {
			return err
		}
	}
	return nil
}

// surplus lists the tensors of the file that begin like a part of the network and are not used. Counters of batches have no use here.
func surplus(there, used, parts []string) (extra []string) {
	for _, name := range there {
		begins := func(part string) bool { return strings.HasPrefix(name, part) }
		if slices.ContainsFunc(parts, begins) && !slices.Contains(used, name) && !strings.HasSuffix(name, ".num_batches_tracked") {
			extra = append(extra, name)
		}
	}
	return extra
}

// put gives a variable its value, and makes it where there is none.
func put(store *model.Store, path string, value *tensors.Tensor, fixed bool) error {
	v := store.GetVariable(path)
	if v != nil {
		return v.SetValue(value)
	}
	v, err := store.CreateVariable(path, value)
	if err == nil && fixed {
		v.SetTrainable(false)
	}
	return err
}

// some lists names, not more than make a readable message.
func some(names []string) string {
	const most = 12
	if len(names) <= most {
		return fmt.Sprintf("%q", names)
	}
	return fmt.Sprintf("%q and %d more", names[:most], len(names)-most)
}

func moved(shape, order []int) []int {
	if order == nil {
		return shape
	}
	out := make([]int, len(shape))
	for i, axis := range order {
		out[i] = shape[axis]
	}
	return out
}

// transpose puts the axes of a tensor into another order.
func transpose(flat []float32, shape, order []int) []float32 {
	if order == nil {
		return flat
	}
	steps := make([]int, len(shape)) // of the file's axes
	step := 1
	for axis := len(shape) - 1; axis >= 0; axis-- {
		steps[axis] = step
		step *= shape[axis]
	}
	out := make([]float32, 0, len(flat))
	var walk func(depth, at int)
	walk = func(depth, at int) {
		if depth == len(order) {
			out = append(out, flat[at])
			return
		}
		for i := range shape[order[depth]] {
			walk(depth+1, at+i*steps[order[depth]])
		}
	}
	walk(0, 0)
	return out
}
