package cifar_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/cifar"
)

func Example() {
	file := append([]byte{11, 19}, make([]byte, 3072)...) // a black picture of cattle
	// in practice cifar.CIFAR100.Train("cifar-100-binary")
	for record, err := range cifar.CIFAR100.Read(bytes.NewReader(file)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for task, label := range cifar.CIFAR100.Labels {
			fmt.Println(label.Name, record.Labels[task], label.Classes[record.Labels[task]])
		}
	}
	// Output:
	// coarse 11 large_omnivores_and_herbivores
	// fine 19 cattle
}

// all collects what a reader yields: records, and errors as text.
func all[R any](seq iter.Seq2[R, error]) (records []R, errs []string) {
	for r, err := range seq {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		records = append(records, r)
	}
	return records, errs
}

// value is the colour c of the pixel in row y, column x of picture i.
func value(i, c, y, x int) uint8 { return uint8(i*7 + c*31 + y*3 + x) }

// record is picture i after its labels.
func record(i int, labels ...byte) []byte {
	out := slices.Clone(labels)
	for c := range 3 {
		for y := range 32 {
			for x := range 32 {
				out = append(out, value(i, c, y, x))
			}
		}
	}
	return out
}

func TestRead(t *testing.T) {
	ten := slices.Concat(record(0, 9), record(1, 0))
	hundred := slices.Concat(record(0, 4, 0), record(1, 13, 99))
	for _, c := range []struct {
		format cifar.Format
		file   []byte
		want   [][]int
	}{{cifar.CIFAR10, ten, [][]int{{9}, {0}}}, {cifar.CIFAR100, hundred, [][]int{{4, 0}, {13, 99}}}} {
		got, errs := all(c.format.Read(iotest.HalfReader(bytes.NewReader(c.file))))
		if errs != nil || len(got) != 2 {
			t.Fatalf("%s: %d records, %q", c.format.Name, len(got), errs)
		}
		for i, r := range got {
			if r.Index != i || !slices.Equal(r.Labels, c.want[i]) {
				t.Errorf("%s: %d %v, want %d %v", c.format.Name, r.Index, r.Labels, i, c.want[i])
			}
			rgb := r.RGB()
			for k := range rgb {
				if want := value(i, k%3, k/96, k/3%32); rgb[k] != want || r.Pixels[k%3*1024+k/3] != want {
					t.Fatalf("%s: picture %d, byte %d is %d, want %d", c.format.Name, i, k, rgb[k], want)
				}
			}
		}
	}
}

// The groups as the page of the data set lists them; classes are numbered in the order of their
// names.
func TestGroups(t *testing.T) {
	groups := strings.Split(`beaver dolphin otter seal whale
aquarium_fish flatfish ray shark trout
orchid poppy rose sunflower tulip
bottle bowl can cup plate
apple mushroom orange pear sweet_pepper
clock keyboard lamp telephone television
bed chair couch table wardrobe
bee beetle butterfly caterpillar cockroach
bear leopard lion tiger wolf
bridge castle house road skyscraper
cloud forest mountain plain sea
camel cattle chimpanzee elephant kangaroo
fox porcupine possum raccoon skunk
crab lobster snail spider worm
baby boy girl man woman
crocodile dinosaur lizard snake turtle
hamster mouse rabbit shrew squirrel
maple_tree oak_tree palm_tree pine_tree willow_tree
bicycle bus motorcycle pickup_truck train
lawn_mower rocket streetcar tank tractor`, "\n")
	coarse, fine := cifar.CIFAR100.Labels[0].Classes, cifar.CIFAR100.Labels[1].Classes
	if len(coarse) != 20 || len(fine) != 100 || !slices.IsSorted(coarse) || !slices.IsSorted(fine) {
		t.Fatalf("%d %d classes, or not sorted", len(coarse), len(fine))
	}
	for group, names := range groups {
		for _, name := range strings.Fields(names) {
			class, known := slices.BinarySearch(fine, name)
			for other := range 20 {
				got, _ := all(cifar.CIFAR100.Read(bytes.NewReader(record(0, byte(other), byte(class)))))
				if want := other == group; !known || (len(got) == 1) != want {
					t.Errorf("%s (%v) in %s: taken %v, want %v", name, known, coarse[other], len(got) == 1, want)
				}
			}
		}
	}
}

// bad are broken files and what is said of them.
var bad = []struct {
	format cifar.Format
	file   []byte
	want   string
}{
	{cifar.CIFAR10, nil, "byte 0: the file is empty"},
	{cifar.CIFAR100, nil, "byte 0: the file is empty"},
	{cifar.CIFAR10, record(0, 10), `byte 0, record 0: label "class" is 10; CIFAR-10 has 0 to 9`},
	{cifar.CIFAR10, record(0, 255), `label "class" is 255`},
	{cifar.CIFAR10, slices.Concat(record(0, 1), record(0, 77)),
		`byte 3073, record 1: label "class" is 77`},
	{cifar.CIFAR10, record(0, 1)[:3072],
		"the file ends at byte 3072, 3072 bytes into record 0; one of CIFAR-10 has 3073: was it cut off"},
	{cifar.CIFAR10, []byte{1}, "the file ends at byte 1, 1 bytes into record 0"},
	{cifar.CIFAR10, slices.Concat(record(0, 1), []byte{1, 2}),
		"the file ends at byte 3075, 2 bytes into record 1"},
	{cifar.CIFAR10, record(0, 0, 4), "the file ends at byte 3074, 1 bytes into record 1"}, // CIFAR-100
	{cifar.CIFAR100, record(0, 4),
		"the file ends at byte 3073, 3073 bytes into record 0; one of CIFAR-100 has 3074"},
	{cifar.CIFAR100, record(0, 20, 0),
		`byte 0, record 0: label "coarse" is 20; CIFAR-100 has 0 to 19`},
	{cifar.CIFAR100, record(0, 4, 100), `label "fine" is 100; CIFAR-100 has 0 to 99`},
	{cifar.CIFAR100, record(0, 0, 4)[:100], "the file ends at byte 100"},
	{cifar.CIFAR100, record(0, 1, 0),
		"the labels are 1 (fish) and 0 (apple), which belongs to fruit_and_vegetables"},
	{cifar.CIFAR100, slices.Concat(record(0, 4, 0), record(0, 0, 0)),
		"byte 3074, record 1: the labels are 0 (aquatic_mammals)"},
	{cifar.CIFAR10, []byte("\x80\x02}q\x01"),
		"byte 0: it is a Python pickle, which is not read; take the binary version"},
	{cifar.CIFAR100, []byte("\x80\x04\x95"), "it is a Python pickle"},
	{cifar.CIFAR10, []byte("\x1f\x8b\x08\x00"), "compressed by gzip; extract the archive first"},
	{cifar.CIFAR100, []byte("\x1f\x8b\x08\x00"), "compressed by gzip"},
	{cifar.CIFAR10, []byte("PK\x03\x04"), "a zip file; extract it first"},
	{cifar.CIFAR10, []byte("<html>404</html>"), "the file ends at byte 16"},
	{cifar.CIFAR10, bytes.Repeat([]byte("<"), 3073), `label "class" is 60`},
}

func TestReadRefuses(t *testing.T) {
	for _, c := range bad {
		_, errs := all(c.format.Read(bytes.NewReader(c.file)))
		if len(errs) != 1 || !strings.HasPrefix(errs[0], "cifar: ") || !strings.Contains(errs[0],
			c.want) {
			t.Errorf("% .9x: %q; wanted one error with %q", c.file, errs, c.want)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content ...[]byte) {
		if err := os.WriteFile(filepath.Join(dir, name), slices.Concat(content...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := cifar.CIFAR10
	f.TrainCount, f.TestCount = 2, 1
	f.TrainFiles = f.TrainFiles[:2]
	write("data_batch_1.bin", record(0, 1), record(1, 2))
	write("data_batch_2.bin", record(2, 99), record(3, 4))
	write("test_batch.bin", record(5, 5))
	got, errs := all(f.Train(dir))
	if len(got) != 3 || got[2].Labels[0] != 4 || len(errs) != 1 || !strings.Contains(errs[0],
		"data_batch_2.bin: byte 0, record 0: ") {
		t.Errorf("%d records, %q", len(got), errs)
	}
	if got, errs := all(f.Test(dir)); len(got) != 1 || got[0].Labels[0] != 5 || errs != nil {
		t.Errorf("%d records, %q", len(got), errs)
	}
	for r, err := range f.Train(dir) {
		if err != nil || r.Labels[0] != 1 {
			t.Error(r.Labels, err)
		}
		break
	}
	write("data_batch_1.bin", record(0, 1))
	if got, errs := all(f.Train(dir)); len(got) != 1 || len(errs) != 1 || !strings.Contains(errs[0],
		"data_batch_1.bin has 1 records; CIFAR-10 has 2 there") {
		t.Errorf("%d records, %q", len(got), errs)
	}
	write("data_batch_1.bin", record(0, 1), []byte{1})
	if got, errs := all(f.Train(dir)); len(got) != 1 || len(errs) != 1 || !strings.Contains(errs[0],
		"data_batch_1.bin: the file ends at byte 3074") {
		t.Errorf("%d records, %q", len(got), errs)
	}
	if _, errs := all(f.Test(dir + "x")); len(errs) != 1 || !strings.Contains(errs[0],
		filepath.Join(dir+"x", "test_batch.bin")) {
		t.Errorf("%q", errs)
	}
}

func TestReadErrors(t *testing.T) {
	fire := errors.New("disk on fire")
	for _, n := range []int{0, 1, 3072, 3073, 4000} {
		var last error
		for _, err := range cifar.CIFAR10.Read(io.MultiReader(bytes.NewReader(slices.Concat(record(0, 1),
			record(0, 2))[:n]), iotest.ErrReader(fire))) {
			last = err
		}
		if !errors.Is(last, fire) {
			t.Errorf("after %d bytes: %v", n, last)
		}
	}
}

// One record at a time is in memory.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for _, err := range cifar.CIFAR10.Read(io.LimitReader(zeros{}, 3073*10000)) {
		if n++; err != nil {
			t.Fatal(err)
		}
		if n%2500 == 0 {
			runtime.GC()
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); n != 10000 || kept > 1<<20 {
		t.Errorf("%d records, %d bytes are kept", n, kept)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// What is read and written again is the file.
func FuzzRead(f *testing.F) {
	for _, c := range bad {
		f.Add(c.file)
	}
	f.Add(slices.Concat(record(0, 4, 0), record(1, 13, 99)))
	f.Add(slices.Concat(record(0, 4), record(1, 9)))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, format := range []cifar.Format{cifar.CIFAR10, cifar.CIFAR100} {
			records, errs := all(format.Read(bytes.NewReader(file)))
			var again []byte
			for _, r := range records {
				for _, label := range r.Labels {
					again = append(again, byte(label))
				}
				again = append(again, r.Pixels...)
			}
			if errs == nil && !bytes.Equal(again, file) {
				t.Fatalf("%s: %d records of %d bytes", format.Name, len(records), len(file))
			}
		}
	})
}
