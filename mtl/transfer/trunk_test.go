package transfer_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/arch/pretrained"
	"github.com/gomtl/gomtl/mtl/transfer"
)

// A trunk goes through a file, a run folder and memory to another model, before and after that has variables, to the same bits.
func TestTrunk(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		dir := t.TempDir()
		run, file := filepath.Join(dir, "run"), filepath.Join(dir, "trunk.safetensors")
		train := points(64, 1)
		source := model.NewStore()
		fit(t, b, source, network(product), only(train, "product"), mtl.FitOptions{Steps: 10, BatchSize: 16, RunDir: run})
		want := bits(t, source, "/shared/")
		if err := transfer.SaveTrunk(source, file); err != nil {
			t.Fatal(err)
		}
		other := model.NewStore()
		fit(t, b, other, network(sign), only(train, "sign"), mtl.FitOptions{Steps: 1})
		for name, load := range map[string]func(store *model.Store) error{
			"file":   func(store *model.Store) error { return transfer.LoadTrunk(file, store) },
			"run":    func(store *model.Store) error { return transfer.LoadRunTrunk(run, "best", store) },
			"memory": func(store *model.Store) error { return transfer.CopyTrunk(source, store) },
		} {
			trained := clone(t, other)
			head := bits(t, trained, "/task/")
			declared := model.NewStore()
			if err := transfer.Declare(b, declared, network(sign), train); err != nil {
				t.Fatal(err)
			}
			for at, store := range map[string]*model.Store{"empty": model.NewStore(), "trained": trained, "declared": declared} {
				if err := load(store); err != nil {
					t.Fatalf("%s, %s: %v", name, at, err)
				}
				if !maps.Equal(bits(t, store, "/shared/"), want) {
					t.Errorf("%s, %s: the trunk differs", name, at)
				}
			}
			if !maps.Equal(bits(t, trained, "/task/"), head) {
				t.Errorf("%s: the head changed", name)
			}
			if name != "file" {
				continue
			}
			// The frozen trunk is what training goes on from, with its averages.
			for _, store := range []*model.Store{declared, trained} {
				mtl.Freeze(store, "shared")
				fit(t, b, store, network(sign), only(train, "sign"), mtl.FitOptions{Steps: 3})
				if !maps.Equal(bits(t, store, "/shared/"), want) {
					t.Errorf("%s: the frozen trunk changed", name)
				}
			}
			if maps.Equal(bits(t, trained, "/task/"), head) {
				t.Errorf("%s: the head was not trained", name)
			}
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
			t.Errorf("%v, %v; wanted the trunk and the run", entries, err)
		}
	})
}

// The file is read by other code for that format.
func TestFileFormat(t *testing.T) {
	b := backendtest.Go(t)
	store, file := model.NewStore(), filepath.Join(t.TempDir(), "trunk.safetensors")
	fit(t, b, store, network(product), only(points(64, 1), "product"), mtl.FitOptions{Steps: 2})
	if err := transfer.SaveTrunk(store, file); err != nil {
		t.Fatal(err)
	}
	f, err := pretrained.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	if len(f.Names()) != len(bits(t, store, "/shared/")) {
		t.Errorf("names %q", f.Names())
	}
	for _, name := range f.Names() {
		numbers, err := f.Numbers(name)
		if err != nil {
			t.Fatal(err)
		}
		shape, _ := f.Shape(name)
		if !slices.Equal(numbers, floats(t, store, name)) || !slices.Equal(shape, store.GetVariable(name).Shape().Dimensions) {
			t.Errorf("%s differs", name)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		bad  []byte
		want string
	}{
		"short":    {data[:4], "4 bytes; wanted 8"},
		"cut":      {data[:len(data)-4], "cut off"},
		"text":     {[]byte("this is no trunk at all"), "the header should have"},
		"overflow": {tensorFile("F32", "[4611686018427387908]", 16), `"/shared/w": shape [4611686018427387908] of F32: the number of bytes overflows`},
		"huge":     {tensorFile("F64", "[2305843009213693952]", 0), "overflows"},
		"lying":    {tensorFile("F32", "[4294967296,4294967296]", 0), "overflows"},
		"longer":   {append(slices.Clone(data), 0), "wanted nothing after them"},
		"complex":  {tensorFile("C64", "[2]", 16), `tensor "/shared/w" is of type C64`},
	} {
		path, store := filepath.Join(t.TempDir(), name), model.NewStore()
		if err := os.WriteFile(path, c.bad, 0o644); err != nil {
			t.Fatal(err)
		}
		wantError(t, transfer.LoadTrunk(path, store), "no trunk that SaveTrunk wrote", c.want)
		if store.NumVariables() != 0 {
			t.Errorf("%s: %d variables were made", name, store.NumVariables())
		}
	}
}

// tensorFile is a file of one tensor of size bytes, of zeros.
func tensorFile(dtype, shape string, size int) []byte {
	header := fmt.Sprintf(`{"/shared/w":{"dtype":%q,"shape":%s,"data_offsets":[0,%d]}}`, dtype, shape, size)
	raw := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	return append(raw, make([]byte, size)...)
}

// Whatever the bytes are, a trunk that is loaded has no more numbers than the file has bytes.
func FuzzLoadTrunk(f *testing.F) {
	f.Add(tensorFile("F32", "[2,2]", 16))
	f.Add(tensorFile("BOOL", "[]", 1))
	f.Add(tensorFile("BF16", "[0,3]", 0))
	path := filepath.Join(f.TempDir(), "trunk")
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		store := model.NewStore()
		if transfer.LoadTrunk(path, store) == nil && store.NumParameters() > len(raw) {
			t.Fatalf("%d numbers of %d bytes", store.NumParameters(), len(raw))
		}
	})
}

// What does not fit is named, with both shapes, and nothing is changed.
func TestTrunkRefused(t *testing.T) {
	b := backendtest.Go(t)
	train := only(points(64, 1), "product")
	source, other := model.NewStore(), model.NewStore()
	fit(t, b, source, network(product), train, mtl.FitOptions{Steps: 1})
	wide := network(product)
	wide.Arch = arch.HardSharing{Trunk: arch.Dense{Widths: []int{16, 9, 4}, Normalization: arch.BatchNorm}}
	fit(t, b, other, wide, train, mtl.FitOptions{Steps: 1})
	before := bits(t, other, "/")
	err := transfer.CopyTrunk(source, other)
	wantError(t, err, "/shared/layer_1/dense/weights is (Float32)[16, 8] there and (Float32)[16, 9] here", "/shared/layer_2/dense/weights is missing there", "Use the architecture")
	wantError(t, transfer.CopyTrunk(other, source), "/shared/layer_2/dense/weights is (Float32)[9, 4] there and missing here")
	if !maps.Equal(bits(t, other, "/"), before) {
		t.Error("a refused trunk changed the store")
	}
	if err := transfer.CopyTrunk(source, other, "shared/layer_0"); err != nil {
		t.Errorf("the layer that fits: %v", err)
	}
	wantError(t, transfer.CopyTrunk(model.NewStore(), other), "no variables under")
	wantError(t, transfer.LoadTrunk(filepath.Join(t.TempDir(), "none"), other), "cannot be read")
	wantError(t, transfer.SaveTrunk(model.NewStore(), "x"), "no variables under")
	declared := model.NewStore()
	if err := transfer.Declare(b, declared, network(product), train); err != nil {
		t.Fatal(err)
	}
	wantError(t, transfer.SaveTrunk(declared, "x"), "has no value yet")
}
