package scenes_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/datasettest"
	"github.com/gomtl/gomtl/datasets/scenes"
)

func Example() {
	set, err := scenes.New(scenes.Config{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(set)
	// Output:
	// scenes: 1500 train, 500 validation, 1000 test
	//   input 0  Float32 [1500 32 32 3]
	//   cls      classification, 4 classes
	//   seg      segmentation, 5 classes
	//   depth    pixel-regression, in z
	//   box      regression, in sides
	//   count    regression, in objects
	//   texture  classification, 4 classes
}

// many is the form with several objects of data that overlap.
var many = scenes.Config{Objects: 4, Near: 1.2, Far: 2.4}

func small(config scenes.Config) scenes.Config {
	config.Train, config.Validation, config.Test = 60, 20, 20
	return config
}

func TestConformance(t *testing.T) {
	bounded := many
	bounded.Boundary, bounded.Seed = true, 3
	for _, config := range []scenes.Config{{}, bounded, {Size: 20, Clutter: -1, Noise: -1, ColorClass: 1}} {
		build := func() (*datasets.Set, error) { return scenes.New(small(config)) }
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
	long, err := scenes.New(small(many))
	if err != nil {
		t.Fatal(err)
	}
	config := many
	config.Train, config.Validation, config.Test = 7, 1, 3
	short, err := scenes.New(config)
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

// one is the values of example i of a tensor.
func one[T float32 | int32](t *tensors.Tensor, i int) []T {
	flat := tensors.MustCopyFlatData[T](t)
	size := len(flat) / t.Shape().Dimensions[0]
	return flat[i*size : (i+1)*size]
}

// unpack reads float32 numbers in base64.
func unpack(t *testing.T, text string) []float32 {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float32, len(data)/4)
	if err := binary.Read(bytes.NewReader(data), binary.LittleEndian, values); err != nil {
		t.Fatal(err)
	}
	return values
}

func alike(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-6 }

// The expectations come from testdata/scenes.py: numpy, the formulas in the description, an independent PCG.
func TestAgainstPython(t *testing.T) {
	var cases []struct {
		Seed                          uint64
		Part                          string
		Index, Size, Objects, Clutter int
		Near, Far, Noise              float64
		ColorClass                    float64 `json:"color_class"`
		Boundary                      bool
		Image, Depth                  string
		Seg                           []int32
		Texture                       int32
		Truth                         []object `json:"truth"`
	}
	read(t, "testdata/scenes.json", &cases)
	if len(cases) != 10 {
		t.Fatalf("got %d cases, want 10", len(cases))
	}
	for _, want := range cases {
		config := scenes.Config{
			Seed: want.Seed, Train: 4, Validation: 4, Test: 4, Size: want.Size, Objects: want.Objects, Clutter: want.Clutter,
			Near: want.Near, Far: want.Far, ColorClass: want.ColorClass, Noise: want.Noise, Boundary: want.Boundary,
		}
		if want.Noise == 0 {
			config.Noise = -1
		}
		if want.Clutter == 0 {
			config.Clutter = -1
		}
		set, err := scenes.New(config)
		if err != nil {
			t.Fatal(err)
		}
		part := datasets.Part(slices.IndexFunc(datasets.Parts(), func(p datasets.Part) bool { return p.String() == want.Part }))
		objects, err := scenes.Objects(config, part)
		if err != nil {
			t.Fatal(err)
		}
		split, i := set.Part(part), want.Index
		if !slices.EqualFunc(one[float32](split.Inputs[0], i), unpack(t, want.Image), alike) {
			t.Errorf("%+v: the picture differs", config)
		}
		if !slices.EqualFunc(one[float32](split.Labels[scenes.TaskDepth], i), unpack(t, want.Depth), alike) {
			t.Errorf("%+v: the depth differs", config)
		}
		if !slices.Equal(one[int32](split.Labels[scenes.TaskSegmentation], i), want.Seg) {
			t.Errorf("%+v: the segmentation differs", config)
		}
		nearest, size := want.Truth[0], float32(want.Size)
		box := []float32{float32(nearest.Box[0]) / size, float32(nearest.Box[1]) / size,
			float32(nearest.Box[0]+nearest.Box[2]) / size, float32(nearest.Box[1]+nearest.Box[3]) / size}
		if got := one[float32](split.Labels[scenes.TaskBox], i); !slices.EqualFunc(got, box, alike) {
			t.Errorf("%+v: the box is %v, want %v", config, got, box)
		}
		class, count, texture := one[int32](split.Labels[scenes.TaskClass], i)[0], one[float32](split.Labels[scenes.TaskCount], i)[0], one[int32](split.Labels[scenes.TaskTexture], i)[0]
		if int(class) != nearest.Class || int(count) != len(want.Truth) || texture != want.Texture {
			t.Errorf("%+v: class %d, count %v, texture %d; want %d, %d, %d", config, class, count, texture, nearest.Class, len(want.Truth), want.Texture)
		}
		if len(objects[i]) != len(want.Truth) {
			t.Fatalf("%+v: %d objects, want %d", config, len(objects[i]), len(want.Truth))
		}
		for k, got := range objects[i] {
			if !want.Truth[k].is(got) {
				t.Errorf("%+v: object %d is %+v, want %+v", config, k, got, want.Truth[k])
			}
		}
	}
}

// object is one of testdata/scenes.json, its box as left, top, width and height.
type object struct {
	Class, Area       int
	Depth, Visibility float64
	Box               [4]int
}

func (o object) is(got scenes.Object) bool {
	box := image.Rect(o.Box[0], o.Box[1], o.Box[0]+o.Box[2], o.Box[1]+o.Box[3])
	return got.Class == o.Class && got.Area == o.Area && got.Box.Eq(box) && math.Abs(got.Depth-o.Depth) < 1e-12 && math.Abs(got.Visibility-o.Visibility) < 1e-12
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, into); err != nil {
		t.Fatal(err)
	}
}

// The expectation comes from testdata/scenes.py, with boxes and areas by pycocotools.
func TestCOCO(t *testing.T) {
	config := many
	config.Seed, config.Size, config.Validation = 5, 20, 20
	var file bytes.Buffer
	if err := scenes.WriteCOCO(&file, config, datasets.Validation); err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(file.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	read(t, "testdata/coco.json", &want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%v", file.String(), want)
	}
	if err := scenes.WriteCOCO(full{}, config, datasets.Validation); !errors.Is(err, errFull) || !strings.HasPrefix(err.Error(), "scenes: ") {
		t.Errorf("error %v, want the writer's", err)
	}
}

var errFull = errors.New("the disk is full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestConfigErrors(t *testing.T) {
	if _, err := scenes.Objects(scenes.Config{}, 9); err == nil || !strings.Contains(err.Error(), "no part Part(9), there are [train validation test]") {
		t.Errorf("error %v of a part that there is not", err)
	}
	for want, config := range map[string]scenes.Config{
		"got -1, 500 and 1000 scenes": {Train: -1},
		"up to -2 objects":            {Objects: -2},
		"got 2 to 1.8":                {Near: 2},
		"got 1 to 4":                  {Far: 4},
		"got -1 to 1.8":               {Near: -1},
		"got NaN to 1.8":              {Near: math.NaN()},
		"19 pixels has no room":       {Size: 19},
		"-5 pixels has no room":       {Size: -5},
		"it needs 40 at least":        {Near: 0.5},
		"0..1, got 1.5":               {ColorClass: 1.5},
		"0..1, got NaN":               {ColorClass: math.NaN()},
		"Noise should be a number":    {Noise: math.NaN()},
	} {
		_, err := scenes.New(config)
		if err == nil || !strings.HasPrefix(err.Error(), "scenes: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one with %q", config, err, want)
		}
		if _, err := scenes.Objects(config, datasets.Test); err == nil {
			t.Errorf("%+v: objects without an error", config)
		}
		if err := scenes.WriteCOCO(full{}, config, datasets.Test); err == nil || errors.Is(err, errFull) {
			t.Errorf("%+v: error %v of WriteCOCO, want that of the config", config, err)
		}
	}
}
