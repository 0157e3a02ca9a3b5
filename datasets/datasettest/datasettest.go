// Package datasettest has the conformance test of a data set: two builds are equal, shapes and values fit the description of
// the tasks, and the parts share no example.
package datasettest

import (
	"crypto/sha256"
	"maps"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/mtl"
)

// Check builds the set twice and fails the test for everything that a data set of this module may not be: built
// differently from one time to the next or from tensors that two builds share, without a licence or a citation, without one of the parts,
// or with values that [datasets.Set.Check] finds wrong.
func Check(t testing.TB, build func() (*datasets.Set, error)) {
	t.Helper()
	first, err := build()
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	second, err := build()
	if err != nil {
		t.Fatalf("build again: %v", err)
	}
	if err := first.Check(); err != nil {
		t.Error(err)
	}
	if first.Description == "" || first.Licence == "" || first.Citation == "" {
		t.Errorf("%s: a set should have a description, a licence and a citation, got %q, %q, %q",
			first.Name, first.Description, first.Licence, first.Citation)
	}
	for _, task := range first.Tasks {
		if task.Description == "" {
			t.Errorf("%s: task %q has no description", first.Name, task.Name)
		}
	}
	if first.Name != second.Name || !slices.Equal(first.TaskNames(), second.TaskNames()) {
		t.Errorf("two builds differ in name or tasks: %s %v and %s %v", first.Name, first.TaskNames(), second.Name, second.TaskNames())
	}
	for _, part := range datasets.Parts() {
		a, b := first.Part(part), second.Part(part)
		if a == nil || b == nil {
			t.Errorf("%s: the %s part is missing", first.Name, part)
			continue
		}
		checkSame(t, part, a, b)
	}
}

// CheckDisjoint fails the test when an example's inputs appear, byte for byte, in two parts. It is apart from [Check] because
// inputs with few values (short texts, say) may repeat by chance.
func CheckDisjoint(t testing.TB, set *datasets.Set) {
	t.Helper()
	seen := make(map[[sha256.Size]byte]datasets.Part)
	for _, part := range datasets.Parts() {
		split := set.Part(part)
		for i, key := range hashes(t, split) {
			if other, found := seen[key]; found && other != part {
				t.Errorf("%s: example %d of the %s part is in the %s part too", set.Name, i, part, other)
				return
			}
			seen[key] = part
		}
	}
}

// checkSame compares two builds of one part.
func checkSame(t testing.TB, part datasets.Part, a, b *mtl.Split) {
	t.Helper()
	if a == b {
		t.Errorf("%s: two builds share one split", part)
		return
	}
	same := func(what string, x, y *tensors.Tensor) {
		switch {
		case x == nil || y == nil:
			t.Errorf("%s: %s are missing in one of two builds", part, what)
		case x == y:
			t.Errorf("%s: two builds share the tensor of %s", part, what)
		case !x.Equal(y):
			t.Errorf("%s: %s differ between two builds", part, what)
		}
	}
	if len(a.Inputs) != len(b.Inputs) || len(a.Labels) != len(b.Labels) || len(a.Masks) != len(b.Masks) {
		t.Errorf("%s: two builds differ in the number of inputs, labels or masks", part)
		return
	}
	for i := range a.Inputs {
		same("the inputs", a.Inputs[i], b.Inputs[i])
	}
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		same("the labels of "+name, a.Labels[name], b.Labels[name])
	}
	for _, name := range slices.Sorted(maps.Keys(a.Masks)) {
		same("the masks of "+name, a.Masks[name], b.Masks[name])
	}
}

// hashes is a hash of each example's inputs.
func hashes(t testing.TB, split *mtl.Split) [][sha256.Size]byte {
	t.Helper()
	keys := make([][sha256.Size]byte, split.Len())
	for i := range keys {
		hash := sha256.New()
		for _, input := range split.Inputs {
			err := input.ConstBytes(func(bytes []byte) {
				size := len(bytes) / len(keys)
				hash.Write(bytes[i*size : (i+1)*size])
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		hash.Sum(keys[i][:0])
	}
	return keys
}
