package datasettest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/datasettest"
	"github.com/gomtl/gomtl/datasets/digits"
)

func ExampleCheck() {
	var t testing.TB = &recorder{} // in a test: the test's own t
	datasettest.Check(t, digits.Load)
	fmt.Println("failed:", t.Failed())
	// Output: failed: false
}

// A recorder is a test that keeps what it was told.
type recorder struct {
	testing.TB
	log strings.Builder
}

func (r *recorder) Helper()                           {}
func (r *recorder) Failed() bool                      { return r.log.Len() > 0 }
func (r *recorder) Error(args ...any)                 { fmt.Fprintln(&r.log, args...) }
func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(&r.log, format+"\n", args...) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(errFatal)
}

var errFatal = errors.New("fatal")

// complaints is what Check says of a builder.
func complaints(build func() (*datasets.Set, error)) string {
	r := &recorder{}
	func() {
		defer func() {
			if e := recover(); e != nil && e != errFatal { //nolint:errorlint // the panic value is ours
				panic(e)
			}
		}()
		datasettest.Check(r, build)
	}()
	return r.log.String()
}

func TestCheckComplains(t *testing.T) {
	shared, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	damaged := func(damage func(set *datasets.Set)) func() (*datasets.Set, error) {
		return func() (*datasets.Set, error) {
			set, err := digits.Load()
			if err == nil {
				damage(set)
			}
			return set, err
		}
	}
	for want, build := range map[string]func() (*datasets.Set, error){
		"build: no data":                 func() (*datasets.Set, error) { return nil, errors.New("no data") },
		"two builds share one split":     func() (*datasets.Set, error) { return shared, nil },
		"should have a description":      damaged(func(set *datasets.Set) { set.Licence = "" }),
		`task "ink" has no description`:  damaged(func(set *datasets.Set) { set.Tasks[2].Description = "" }),
		"the validation part is missing": damaged(func(set *datasets.Set) { set.Validation = nil }),
		"two builds share the tensor":    damaged(func(set *datasets.Set) { set.Test.Inputs = shared.Test.Inputs }),
		"labels of ink differ between two": damaged(func(set *datasets.Set) {
			calls++
			tensors.MustMutableFlatData(set.Test.Labels["ink"], func(flat []float32) { flat[9] = float32(calls) })
		}),
		"differ in the number of inputs": damaged(func(set *datasets.Set) {
			calls++
			if calls%2 == 0 {
				set.Train.Inputs = append(set.Train.Inputs, set.Train.Inputs[0])
			}
		}),
		"label 3 should be in 0..9": damaged(func(set *datasets.Set) {
			tensors.MustMutableFlatData(set.Train.Labels["digit"], func(flat []int32) { flat[3] = 10 })
		}),
	} {
		if got := complaints(build); !strings.Contains(got, want) {
			t.Errorf("want a complaint with %q, got %q", want, got)
		}
	}
}

func TestCheckDisjointComplains(t *testing.T) {
	set, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	set.Test = set.Train
	r := &recorder{}
	datasettest.CheckDisjoint(r, set)
	if got := r.log.String(); !strings.Contains(got, "example 0 of the test part is in the train part too") {
		t.Errorf("got %q", got)
	}
}
