package weightingtest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// followsTasks compiles the trained model with its tasks in the reverse order on the same store, and wants the method's state in that order.
func followsTasks(t *testing.T, m *mtl.Model, data mtl.Data, options mtl.FitOptions) {
	t.Helper()
	store := options.Store
	before := map[string][]byte{}
	for v := range store.Scope("/mtl").IterVariables() {
		if !slices.Contains(v.Shape().Dimensions, len(m.Tasks)) {
			continue
		}
		if store.GetVariable(v.Path()+".tasks") == nil {
			t.Errorf("variable %s, %s, has an entry for each task and does not follow them: make it with mtl.TaskVariable", v.Path(), v.Shape())
			continue
		}
		before[v.Path()] = bytesOf(t, v)
	}
	turned := &mtl.Model{Arch: m.Arch, Tasks: slices.Clone(m.Tasks)}
	slices.Reverse(turned.Tasks)
	c, err := mtl.Compile(turned, data, options)
	if err != nil {
		t.Fatalf("with the tasks in another order: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for path, old := range before {
		v := store.GetVariable(path)
		dims := v.Shape().Dimensions
		if got, want := bytesOf(t, v), reversed(old, len(m.Tasks), len(dims) == 2 && dims[1] == dims[0]); !bytes.Equal(got, want) && !given(store, path) {
			t.Errorf("%s is %v once the tasks are in reverse order; it was %v, wanted %v", path, got, old, want)
		}
	}
}

// given is true of a hyper-parameter, which is set from the method's field.
func given(store *model.Store, path string) bool {
	return slices.Contains(mtl.Hyperparameters(store), strings.TrimPrefix(path, "/mtl/"))
}

// reversed turns the order of so many rows, and that of the columns of a square.
func reversed(flat []byte, rows int, square bool) []byte {
	parts := slices.Collect(slices.Chunk(flat, len(flat)/rows))
	slices.Reverse(parts)
	for i, part := range parts {
		if square {
			parts[i] = reversed(part, rows, false)
		}
	}
	return bytes.Join(parts, nil)
}

func bytesOf(t *testing.T, v *model.Variable) (copied []byte) {
	t.Helper()
	if err := v.MustValue().ConstBytes(func(flat []byte) { copied = slices.Clone(flat) }); err != nil {
		t.Fatal(err)
	}
	return copied
}
