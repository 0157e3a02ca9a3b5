package multimnist_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/datasettest"
	"github.com/gomtl/gomtl/datasets/idx"
	"github.com/gomtl/gomtl/datasets/multimnist"
)

// image is the picture number k of testdata/compose.py.
func image(k int) []uint8 {
	pixels := make([]uint8, 28*28)
	for i := range pixels {
		pixels[i] = uint8((i*i*(k+3) + i*37 + k*11) % 1009)
	}
	return pixels
}

// images is the pictures from..to, the class of k being k modulo 10.
func images(from, to int) idx.Images {
	all := idx.Images{Height: 28, Width: 28}
	for k := from; k < to; k++ {
		all.Pixels = append(all.Pixels, image(k)...)
		all.Labels = append(all.Labels, uint8(k%10))
	}
	return all
}

func Example() {
	train, test := images(0, 60), images(60, 80) // in practice from idx.ReadImages
	set, err := multimnist.New(train, test, multimnist.Config{Validation: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(set)
	// Output:
	// multimnist: 50 train, 10 validation, 20 test
	//   input 0  Float32 [50 28 28 1]
	//   left     classification, 10 classes
	//   right    classification, 10 classes
}

func TestConformance(t *testing.T) {
	build := func() (*datasets.Set, error) {
		return multimnist.New(images(0, 60), images(60, 80), multimnist.Config{Validation: 10, Licence: "CC0-1.0", Citation: "A formula."})
	}
	datasettest.Check(t, build)
	set, err := build()
	if err != nil {
		t.Fatal(err)
	}
	datasettest.CheckDisjoint(t, set)
}

// The expectations come from testdata/compose.py: numpy and Pillow.
func TestComposeAgainstPillow(t *testing.T) {
	var cases []struct {
		Left, Right int
		Scene       []int
	}
	file, err := os.ReadFile("testdata/compose.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 4 {
		t.Fatalf("got %d cases, want 4", len(cases))
	}
	for _, want := range cases {
		got := multimnist.Compose(image(want.Left), image(want.Right))
		if !slices.EqualFunc(got, want.Scene, func(g uint8, w int) bool { return int(g) == w }) {
			t.Errorf("%d and %d: got %v, want %v", want.Left, want.Right, got, want.Scene)
		}
	}
}

// Each scene is composed of image i and some image of its part with the class of the label.
func TestScenes(t *testing.T) {
	train, test := images(0, 30), images(30, 40)
	set, err := multimnist.New(train, test, multimnist.Config{Seed: 4, Validation: 5})
	if err != nil {
		t.Fatal(err)
	}
	for part, from := range map[datasets.Part][2]int{datasets.Train: {0, 25}, datasets.Validation: {25, 30}, datasets.Test: {30, 40}} {
		split := set.Part(part)
		pixels := tensors.MustCopyFlatData[float32](split.Inputs[0])
		left := tensors.MustCopyFlatData[int32](split.Labels[multimnist.TaskLeft])
		right := tensors.MustCopyFlatData[int32](split.Labels[multimnist.TaskRight])
		if len(left) != from[1]-from[0] {
			t.Fatalf("%s: got %d scenes", part, len(left))
		}
		for i := range left {
			k := from[0] + i
			if int(left[i]) != k%10 {
				t.Errorf("%s %d: left is %d, want %d", part, i, left[i], k%10)
			}
			found := false
			for j := from[0]; j < from[1] && !found; j++ {
				scene := multimnist.Compose(image(k), image(j))
				found = int(right[i]) == j%10 && slices.EqualFunc(pixels[i*784:(i+1)*784], scene, func(p float32, v uint8) bool {
					return p == (float32(v)/255-0.1307)/0.3081
				})
			}
			if !found {
				t.Errorf("%s %d is no scene of image %d with one of class %d of its part", part, i, k, right[i])
			}
		}
	}
}

func TestErrors(t *testing.T) {
	good := images(0, 5)
	small, label, short := good, good, good
	small.Height = 27
	label.Labels = []uint8{0, 1, 2, 3, 10}
	short.Pixels = short.Pixels[1:]
	for _, bad := range []idx.Images{{}, small, label, short} {
		if _, err := multimnist.New(bad, good, multimnist.Config{}); err == nil {
			t.Errorf("%d×%d, %v: no error", bad.Height, bad.Width, bad.Labels)
		}
	}
	for _, n := range []int{-1, 5} {
		if _, err := multimnist.New(good, good, multimnist.Config{Validation: n}); err == nil {
			t.Errorf("%d for validation: no error", n)
		}
	}
}
