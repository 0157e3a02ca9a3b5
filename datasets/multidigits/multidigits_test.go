package multidigits_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/datasettest"
	"github.com/gomtl/gomtl/datasets/multidigits"
)

func Example() {
	set, err := multidigits.New(multidigits.Config{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(set)
	// Output:
	// multidigits: 10000 train, 2000 validation, 2000 test
	//   input 0  Float32 [10000 14 14 1]
	//   left     classification, 10 classes
	//   right    classification, 10 classes
	//   owner    segmentation, 4 classes
	//   ink      regression, in ink/100
}

func small(config multidigits.Config) multidigits.Config {
	config.Train, config.Validation, config.Test = 300, 100, 100
	return config
}

func TestConformance(t *testing.T) {
	for _, config := range []multidigits.Config{{}, {Seed: 3, Canvas: 12, Jitter: 1}, {Canvas: 8, Jitter: -1}} {
		build := func() (*datasets.Set, error) { return multidigits.New(small(config)) }
		datasettest.Check(t, build)
		set, err := build()
		if err != nil {
			t.Fatal(err)
		}
		datasettest.CheckDisjoint(t, set)
	}
}

// Scene i does not depend on how many scenes there are.
func TestPrefix(t *testing.T) {
	long, err := multidigits.New(small(multidigits.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	short, err := multidigits.New(multidigits.Config{Train: 7, Validation: 1, Test: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range datasets.Parts() {
		prefix, err := datasets.Take(long.Part(part), short.Part(part).Len())
		if err != nil {
			t.Fatal(err)
		}
		if !prefix.Inputs[0].Equal(short.Part(part).Inputs[0]) {
			t.Errorf("%s: the inputs depend on the number of scenes", part)
		}
		for task, labels := range prefix.Labels {
			if !labels.Equal(short.Part(part).Labels[task]) {
				t.Errorf("%s: the labels of %q depend on the number of scenes", part, task)
			}
		}
	}
}

// The expectations come from testdata/scenes.py: numpy, scikit-learn's copy of the images, an independent PCG.
func TestAgainstPython(t *testing.T) {
	var cases []struct {
		Seed                                    uint64
		Part                                    string
		Index, Canvas, Jitter, Left, Right, Sum int
		Image, Owner                            []int
	}
	file, err := os.ReadFile("testdata/scenes.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 48 {
		t.Fatalf("got %d cases, want 48", len(cases))
	}
	for _, want := range cases {
		set, err := multidigits.New(multidigits.Config{Seed: want.Seed, Train: 50, Validation: 50, Test: 50, Canvas: want.Canvas, Jitter: want.Jitter})
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("seed %d, %s %d, canvas %d", want.Seed, want.Part, want.Index, want.Canvas)
		part := slices.IndexFunc(datasets.Parts(), func(p datasets.Part) bool { return p.String() == want.Part })
		split := set.Part(datasets.Part(part))
		from, to := want.Index*want.Canvas*want.Canvas, (want.Index+1)*want.Canvas*want.Canvas
		image := tensors.MustCopyFlatData[float32](split.Inputs[0])[from:to]
		if !slices.EqualFunc(image, want.Image, func(g float32, w int) bool { return g == float32(w)/16 }) {
			t.Errorf("%s: got image %v, want %v / 16", name, image, want.Image)
		}
		owner := tensors.MustCopyFlatData[int32](split.Labels[multidigits.TaskOwner])[from:to]
		if !slices.EqualFunc(owner, want.Owner, func(g int32, w int) bool { return int(g) == w }) {
			t.Errorf("%s: got owner %v, want %v", name, owner, want.Owner)
		}
		left := tensors.MustCopyFlatData[int32](split.Labels[multidigits.TaskLeft])[want.Index]
		right := tensors.MustCopyFlatData[int32](split.Labels[multidigits.TaskRight])[want.Index]
		ink := tensors.MustCopyFlatData[float32](split.Labels[multidigits.TaskInk])[want.Index]
		if int(left) != want.Left || int(right) != want.Right || ink != float32(want.Sum)/100 {
			t.Errorf("%s: got left %d, right %d, ink %g; want %d, %d, %d/100", name, left, right, ink, want.Left, want.Right, want.Sum)
		}
	}
}

// In every scene the ink label is the sum of the pixels and the two digits differ.
func TestLabelsFollowFromScene(t *testing.T) {
	set, err := multidigits.New(multidigits.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range datasets.Parts() {
		split := set.Part(part)
		pixels := tensors.MustCopyFlatData[float32](split.Inputs[0])
		ink := tensors.MustCopyFlatData[float32](split.Labels[multidigits.TaskInk])
		left := tensors.MustCopyFlatData[int32](split.Labels[multidigits.TaskLeft])
		right := tensors.MustCopyFlatData[int32](split.Labels[multidigits.TaskRight])
		for i := range ink {
			var sum float32 // exact: multiples of 1/16 below 2^8
			for _, pixel := range pixels[i*196 : (i+1)*196] {
				sum += pixel
			}
			if ink[i] != sum*16/100 {
				t.Fatalf("%s %d: ink is %g, the pixels sum up to %g", part, i, ink[i], sum*16/100)
			}
			if left[i] == right[i] {
				t.Fatalf("%s %d: both digits are %d", part, i, left[i])
			}
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for _, config := range []multidigits.Config{{Train: -1}, {Test: -5}, {Canvas: 9}, {Canvas: 12, Jitter: 5}, {Canvas: -14}} {
		if _, err := multidigits.New(config); err == nil {
			t.Errorf("%+v: no error", config)
		}
	}
}
