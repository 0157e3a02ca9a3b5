package digits_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/datasettest"
	"github.com/gomtl/gomtl/datasets/digits"
)

func Example() {
	set, err := digits.Load()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(set)
	// Output:
	// digits: 1077 train, 360 validation, 360 test
	//   input 0  Float32 [1077 8 8 1]
	//   digit    classification, 10 classes
	//   parity   binary, 2 classes
	//   ink      regression, in ink/100
}

func TestConformance(t *testing.T) {
	datasettest.Check(t, digits.Load)
	set, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	datasettest.CheckDisjoint(t, set)
}

// The expectations come from testdata/split.py: scikit-learn's load_digits and an independent reading of the permutation.
func TestAgainstScikitLearn(t *testing.T) {
	var want map[string]struct {
		Rows, Classes, Ink, First, Last []int
	}
	file, err := os.ReadFile("testdata/split.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &want); err != nil {
		t.Fatal(err)
	}
	set, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range datasets.Parts() {
		want, split := want[part.String()], set.Part(part)
		n := split.Len()
		if n != len(want.Rows) {
			t.Fatalf("%s: got %d examples, want %d", part, n, len(want.Rows))
		}
		class := tensors.MustCopyFlatData[int32](split.Labels[digits.TaskDigit])
		parity := tensors.MustCopyFlatData[float32](split.Labels[digits.TaskParity])
		ink := tensors.MustCopyFlatData[float32](split.Labels[digits.TaskInk])
		for i := range n {
			if int(class[i]) != want.Classes[i] || int(parity[i]) != want.Classes[i]&1 || ink[i] != float32(want.Ink[i])/100 {
				t.Fatalf("%s %d: got class %d, parity %g, ink %g; want class %d, ink %d/100", part, i, class[i], parity[i], ink[i],
					want.Classes[i], want.Ink[i])
			}
		}
		pixels := tensors.MustCopyFlatData[float32](split.Inputs[0])
		for i, want := range map[int][]int{0: want.First, n - 1: want.Last} {
			got := pixels[i*64 : (i+1)*64]
			if !slices.EqualFunc(got, want, func(g float32, w int) bool { return g == float32(w)/16 }) {
				t.Errorf("%s %d: got pixels %v, want %v / 16", part, i, got, want)
			}
		}
	}
}
