package datasets_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/datasettest"
	"github.com/gomtl/gomtl/datasets/digits"
	"github.com/gomtl/gomtl/mtl"
)

// Missing labels, an unrelated control task and a small training part, made from the digits.
func Example() {
	set, err := digits.Load()
	if err != nil {
		fmt.Println(err)
		return
	}
	if set, err = datasets.PermuteLabels(set, "ink", 1); err != nil {
		fmt.Println(err)
		return
	}
	if set.Train, err = datasets.Take(set.Train, 500); err != nil {
		fmt.Println(err)
		return
	}
	if set.Train, err = datasets.DropLabels(set.Train, "parity", 0.9, 1); err != nil {
		fmt.Println(err)
		return
	}
	known := 0
	for _, k := range tensors.MustCopyFlatData[bool](set.Train.Masks["parity"]) {
		if k {
			known++
		}
	}
	fmt.Println(set.Train.Len(), "images,", known, "with a label of parity; problems:", set.Check())
	// Output: 500 images, 45 with a label of parity; problems: <nil>
}

// every is a small set with a task of each kind and each form of mask; every call makes fresh tensors.
func every() (*datasets.Set, error) {
	split := func(part datasets.Part, n int) *mtl.Split {
		random := datasets.Stream(1, part, 0)
		floats := func(size int, next func() float32, dims ...int) *tensors.Tensor {
			flat := make([]float32, size)
			for i := range flat {
				flat[i] = next()
			}
			return tensors.FromFlatDataAndDimensions(flat, dims...)
		}
		uniform := func() float32 { return random.Float32() }
		coin := func() float32 { return float32(random.IntN(2)) }
		classes, pixels := make([]int32, n), make([]int32, n*4)
		known, each := make([]bool, n), make([]bool, n*3)
		for i := range classes {
			classes[i], known[i] = int32(random.IntN(3)), i%2 == 0
		}
		for i := range pixels {
			pixels[i] = int32(random.IntN(2))
		}
		for i := range each {
			each[i] = i%5 > 0
		}
		return &mtl.Split{
			Inputs: []*tensors.Tensor{floats(n*5, uniform, n, 5), floats(n, uniform, n)},
			Labels: map[string]*tensors.Tensor{
				"class":  tensors.FromFlatDataAndDimensions(classes, n),
				"yes":    floats(n, coin, n),
				"tags":   floats(n*3, coin, n, 3),
				"value":  floats(n, uniform, n),
				"values": floats(n*2, uniform, n, 2),
				"pixels": tensors.FromFlatDataAndDimensions(pixels, n, 2, 2),
				"map":    floats(n*6, uniform, n, 2, 3),
			},
			Masks: map[string]*tensors.Tensor{
				"class": tensors.FromFlatDataAndDimensions(known, n),
				"tags":  tensors.FromFlatDataAndDimensions(each, n, 3),
			},
		}
	}
	return &datasets.Set{
		Name: "every", Description: "random numbers", Licence: "CC0-1.0", Citation: "none",
		Tasks: []datasets.TaskInfo{
			{Name: "class", Kind: mtl.KindClassification, Classes: []string{"a", "b", "c"}, Description: "random"},
			{Name: "yes", Kind: mtl.KindBinary, Description: "random"},
			{Name: "tags", Kind: mtl.KindMultiLabel, Classes: []string{"x", "y", "z"}, Description: "random"},
			{Name: "value", Kind: mtl.KindRegression, Description: "random"},
			{Name: "values", Kind: mtl.KindRegression, Values: []string{"width", "height"}, Description: "random"},
			{Name: "pixels", Kind: mtl.KindSegmentation, Classes: []string{"off", "on"}, Description: "random"},
			{Name: "map", Kind: mtl.KindPixelRegression, Description: "random"},
		},
		Train: split(datasets.Train, 12), Validation: split(datasets.Validation, 4), Test: split(datasets.Test, 6),
	}, nil
}

func mustEvery(t testing.TB) *datasets.Set {
	t.Helper()
	set, err := every()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestConformance(t *testing.T) {
	datasettest.Check(t, every)
	datasettest.CheckDisjoint(t, mustEvery(t))
}

// Each way a set can be wrong is an error that names the place.
func TestCheckFinds(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for want, damage := range map[string]func(s *datasets.Set){
		"no name":                    func(s *datasets.Set) { s.Name = "" },
		"no tasks":                   func(s *datasets.Set) { s.Tasks = nil },
		"no train part":              func(s *datasets.Set) { s.Train = nil },
		"test: the part has no exam": func(s *datasets.Set) { s.Test = &mtl.Split{} },
		`two tasks have the name "class"`: func(s *datasets.Set) {
			s.Tasks = append(s.Tasks, s.Tasks[0])
		},
		"a task has no name":             func(s *datasets.Set) { s.Tasks[1].Name = "" },
		"at least 2 classes":             func(s *datasets.Set) { s.Tasks[0].Classes = []string{"only"} },
		"unknown kind guess":             func(s *datasets.Set) { s.Tasks[0].Kind = "guess" },
		"should have no classes":         func(s *datasets.Set) { s.Tasks[3].Classes = []string{"a"} },
		"two classes or none":            func(s *datasets.Set) { s.Tasks[1].Classes = []string{"a"} },
		`task "class": there are no lab`: func(s *datasets.Set) { delete(s.Validation.Labels, "class") },
		`labels of "more" belong to no`: func(s *datasets.Set) {
			s.Train.Labels["more"] = s.Train.Labels["value"]
		},
		`mask of "more" belongs to no`: func(s *datasets.Set) { s.Train.Masks["more"] = s.Train.Masks["class"] },
		`train: task "class": label 0 should be in 0..2, got 3`: func(s *datasets.Set) {
			tensors.MustMutableFlatData(s.Train.Labels["class"], func(flat []int32) { flat[0] = 3 })
		},
		`test: task "pixels": label 5 should be in 0..1, got -1`: func(s *datasets.Set) {
			tensors.MustMutableFlatData(s.Test.Labels["pixels"], func(flat []int32) { flat[5] = -1 })
		},
		`task "yes": label 2 should be 0 or 1, got 0.5`: func(s *datasets.Set) {
			tensors.MustMutableFlatData(s.Train.Labels["yes"], func(flat []float32) { flat[2] = 0.5 })
		},
		`task "tags": value 1 is NaN`: func(s *datasets.Set) {
			tensors.MustMutableFlatData(s.Train.Labels["tags"], func(flat []float32) { flat[1] = nan })
		},
		`input 0: value 7 is +Inf`: func(s *datasets.Set) {
			tensors.MustMutableFlatData(s.Train.Inputs[0], func(flat []float32) { flat[7] = inf })
		},
		"input 1: value 4 is NaN": func(s *datasets.Set) {
			half := make([]bfloat16.BFloat16, 12)
			half[4] = bfloat16.FromFloat32(nan)
			s.Train.Inputs[1] = tensors.FromFlatDataAndDimensions(half, 12)
		},
		"input 1 is nil": func(s *datasets.Set) { s.Test.Inputs[1] = nil },
		"input 1 has shape": func(s *datasets.Set) {
			s.Train.Inputs[1] = tensors.FromFlatDataAndDimensions(make([]float32, 3), 3)
		},
		"validation: the inputs should be typed and shaped": func(s *datasets.Set) {
			s.Validation.Inputs[0] = tensors.FromFlatDataAndDimensions(make([]float32, 4*6), 4, 6)
		},
		"classification labels should be Int32 [12]": func(s *datasets.Set) {
			s.Train.Labels["class"] = s.Train.Labels["value"]
		},
		"multi-label labels should be Float32 [12 3]": func(s *datasets.Set) {
			s.Train.Labels["tags"] = s.Train.Labels["values"]
		},
		"regression labels should be Float32 [12 2]": func(s *datasets.Set) {
			s.Train.Labels["values"] = s.Train.Labels["tags"]
		},
		"segmentation labels should be Int32 [12 1 1]": func(s *datasets.Set) {
			s.Train.Labels["pixels"] = s.Train.Labels["class"]
		},
		"pixel-regression labels should be Float32 [12 1 1]": func(s *datasets.Set) {
			s.Train.Labels["map"] = s.Train.Labels["value"]
		},
		`validation: task "map": value 3 is NaN`: func(s *datasets.Set) {
			tensors.MustMutableFlatData(s.Validation.Labels["map"], func(flat []float32) { flat[3] = nan })
		},
		"the mask should be bool [12] or [12 3]": func(s *datasets.Set) {
			s.Train.Masks["tags"] = tensors.FromFlatDataAndDimensions(make([]bool, 13), 13)
		},
		"the mask should be bool [12] or [12]": func(s *datasets.Set) { s.Train.Masks["class"] = s.Train.Labels["value"] },
	} {
		set := mustEvery(t)
		damage(set)
		if err := set.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if err := mustEvery(t).Check(); err != nil {
		t.Errorf("undamaged: %v", err)
	}
}

// The ignored label is no class, may stand among the labels, and is the task's.
func TestIgnoreLabel(t *testing.T) {
	set := mustEvery(t)
	tensors.MustMutableFlatData(set.Train.Labels["pixels"], func(flat []int32) { flat[0] = 255 })
	if err := set.Check(); err == nil {
		t.Error("255 is taken for a class")
	}
	void := int32(255)
	set.Tasks[5].IgnoreLabel = &void
	if err := set.Check(); err != nil {
		t.Error(err)
	}
	task, err := set.Tasks[5].New()
	if err != nil {
		t.Fatal(err)
	}
	if task.IgnoreLabel == nil || *task.IgnoreLabel != 255 {
		t.Errorf("the task ignores %v, want 255", task.IgnoreLabel)
	}
}

// Labels of 0 and 1 may be ignored, too.
func TestIgnoreBinaryLabel(t *testing.T) {
	set := mustEvery(t)
	tensors.MustMutableFlatData(set.Train.Labels["yes"], func(flat []float32) { flat[0] = -1 })
	if err := set.Check(); err == nil {
		t.Error("-1 is taken for an answer")
	}
	unknown := int32(-1)
	set.Tasks[1].IgnoreLabel = &unknown
	if err := set.Check(); err != nil {
		t.Error(err)
	}
}

// What a mask hides may be anything.
func TestCheckLooksPastMask(t *testing.T) {
	set := mustEvery(t)
	tensors.MustMutableFlatData(set.Train.Labels["class"], func(flat []int32) { flat[1] = -9 })
	tensors.MustMutableFlatData(set.Train.Labels["tags"], func(flat []float32) { flat[5] = float32(math.NaN()) })
	if err := set.Check(); err != nil {
		t.Error(err)
	}
}

func TestSubset(t *testing.T) {
	split := mustEvery(t).Train
	subset, err := datasets.Subset(split, []int{3, 0, 3})
	if err != nil {
		t.Fatal(err)
	}
	if subset.Len() != 3 {
		t.Errorf("got %d examples, want 3", subset.Len())
	}
	rows := func(t *tensors.Tensor, size int) []float32 {
		flat := tensors.MustCopyFlatData[float32](t)
		return slices.Concat(flat[3*size:4*size], flat[:size], flat[3*size:4*size])
	}
	if got, want := tensors.MustCopyFlatData[float32](subset.Inputs[0]), rows(split.Inputs[0], 5); !slices.Equal(got, want) {
		t.Errorf("inputs: got %v, want %v", got, want)
	}
	if got, want := tensors.MustCopyFlatData[float32](subset.Labels["values"]), rows(split.Labels["values"], 2); !slices.Equal(got, want) {
		t.Errorf("labels: got %v, want %v", got, want)
	}
	if got := tensors.MustCopyFlatData[bool](subset.Masks["class"]); !slices.Equal(got, []bool{false, true, false}) {
		t.Errorf("mask: got %v", got)
	}
	for _, indices := range [][]int{nil, {-1}, {12}} {
		if _, err := datasets.Subset(split, indices); err == nil {
			t.Errorf("indices %v: no error", indices)
		}
	}
	for _, n := range []int{0, 13} {
		if _, err := datasets.Take(split, n); err == nil {
			t.Errorf("take %d: no error", n)
		}
	}
}

// The labels of each part are the same multiset in another order, their mask goes with them, and all else is shared.
func TestPermuteLabels(t *testing.T) {
	set := mustEvery(t)
	permuted, err := datasets.PermuteLabels(set, "class", 5)
	if err != nil {
		t.Fatal(err)
	}
	moved := false
	for _, part := range datasets.Parts() {
		before, after := set.Part(part), permuted.Part(part)
		pairs := func(split *mtl.Split) []string {
			var pairs []string
			mask := tensors.MustCopyFlatData[bool](split.Masks["class"])
			for i, class := range tensors.MustCopyFlatData[int32](split.Labels["class"]) {
				pairs = append(pairs, fmt.Sprint(class, mask[i]))
			}
			return pairs
		}
		a, b := pairs(before), pairs(after)
		moved = moved || !slices.Equal(a, b)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%s: labels with masks are %v, want those of %v", part, b, a)
		}
		if before.Labels["value"] != after.Labels["value"] || before.Inputs[0] != after.Inputs[0] || before.Masks["tags"] != after.Masks["tags"] {
			t.Errorf("%s: what is not permuted should be shared", part)
		}
	}
	if !moved {
		t.Error("nothing moved")
	}
	again, err := datasets.PermuteLabels(set, "class", 5)
	if err != nil {
		t.Fatal(err)
	}
	if !again.Train.Labels["class"].Equal(permuted.Train.Labels["class"]) {
		t.Error("the same seed gives another order")
	}
	if _, err := datasets.PermuteLabels(set, "nothing", 5); err == nil || !strings.Contains(err.Error(), "it has class, yes") {
		t.Errorf("unknown task: %v", err)
	}
}

// The task's relation to the class is lost: the digits' parity agrees with the class' parity by chance only.
func TestPermuteLabelsUnrelated(t *testing.T) {
	set, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	if set, err = datasets.PermuteLabels(set, digits.TaskParity, 2); err != nil {
		t.Fatal(err)
	}
	class := tensors.MustCopyFlatData[int32](set.Train.Labels[digits.TaskDigit])
	same := 0
	for i, parity := range tensors.MustCopyFlatData[float32](set.Train.Labels[digits.TaskParity]) {
		if class[i]%2 == int32(parity) {
			same++
		}
	}
	if share := float64(same) / 1077; abs(share-0.5) > 5*0.0152 { // standard error 1/2/sqrt(1077)
		t.Errorf("%g of the permuted labels agree with the class", share)
	}
}

func TestDropLabels(t *testing.T) {
	set, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	dropped, err := datasets.DropLabels(set.Train, digits.TaskDigit, 0.7, 3)
	if err != nil {
		t.Fatal(err)
	}
	before := tensors.MustCopyFlatData[int32](set.Train.Labels[digits.TaskDigit])
	after := tensors.MustCopyFlatData[int32](dropped.Labels[digits.TaskDigit])
	mask := tensors.MustCopyFlatData[bool](dropped.Masks[digits.TaskDigit])
	kept := 0
	for i, known := range mask {
		if known {
			kept++
		}
		if known && after[i] != before[i] || !known && after[i] != 0 {
			t.Fatalf("label %d: %d became %d with mask %t", i, before[i], after[i], known)
		}
	}
	if share := float64(kept) / 1077; abs(share-0.3) > 5*0.014 { // standard error sqrt(0.3·0.7/1077)
		t.Errorf("%g of the labels are kept, want 0.3", share)
	}
	short, err := datasets.Take(set.Train, 100)
	if err != nil {
		t.Fatal(err)
	}
	if short, err = datasets.DropLabels(short, digits.TaskDigit, 0.7, 3); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(tensors.MustCopyFlatData[bool](short.Masks[digits.TaskDigit]), mask[:100]) {
		t.Error("which labels are dropped depends on the number of examples")
	}
	// What was hidden stays hidden.
	split := mustEvery(t).Train
	both, err := datasets.DropLabels(split, "tags", 0.5, 1)
	if err != nil {
		t.Fatal(err)
	}
	old := tensors.MustCopyFlatData[bool](split.Masks["tags"])
	for i, known := range tensors.MustCopyFlatData[bool](both.Masks["tags"]) {
		if known && !old[i] {
			t.Fatalf("entry %d was hidden and is not any more", i)
		}
	}
	for _, p := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := datasets.DropLabels(split, "tags", p, 1); err == nil {
			t.Errorf("probability %g: no error", p)
		}
	}
	if _, err := datasets.DropLabels(split, "nothing", 0.5, 1); err == nil {
		t.Error("unknown task: no error")
	}
}

func TestOnDevice(t *testing.T) {
	split := mustEvery(t).Train
	// each of the 12 examples has 5+1 numbers of inputs, 1+1+3+1+2+4+6 of labels, and 1+3 booleans
	if got, want := datasets.Bytes(split), int64(12*(4*(5+1+1+1+3+1+2+4+6)+1+3)); got != want {
		t.Errorf("got %d bytes, want %d", got, want)
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		copied, err := datasets.OnDevice(split, b)
		if err != nil {
			t.Fatal(err)
		}
		if !copied.Inputs[0].IsOnDevice(0) {
			t.Error("the copy is not on the device")
		}
		if !copied.Inputs[0].Equal(split.Inputs[0]) || !copied.Labels["pixels"].Equal(split.Labels["pixels"]) || !copied.Masks["tags"].Equal(split.Masks["tags"]) {
			t.Error("the copy differs")
		}
		if split.Inputs[0].IsOnDevice(0) {
			t.Error("the split's own tensor moved")
		}
	})
}
