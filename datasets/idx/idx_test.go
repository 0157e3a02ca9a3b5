package idx_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/datasets/idx"
)

// file is an IDX file by the format's description: two zero bytes, the type, the number of axes, big-endian sizes, values.
func file(kind byte, dims []int, data ...byte) []byte {
	out := []byte{0, 0, kind, byte(len(dims))}
	for _, d := range dims {
		out = append(out, byte(d>>24), byte(d>>16), byte(d>>8), byte(d))
	}
	return append(out, data...)
}

func packed(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func Example() {
	images := bytes.NewReader(file(8, []int{2, 1, 3}, 0, 128, 255, 9, 8, 7)) // in practice os.Open("train-images-idx3-ubyte.gz")
	labels := bytes.NewReader(file(8, []int{2}, 4, 1))
	read, err := idx.ReadImages(images, labels)
	fmt.Println(read.Len(), "images of", read.Height, "by", read.Width, read.Labels, err)
	// Output: 2 images of 1 by 3 [4 1] <nil>
}

func TestRead(t *testing.T) {
	plain := file(8, []int{2, 3}, 1, 2, 3, 4, 5, 6)
	for _, content := range [][]byte{plain, packed(plain)} {
		got, err := idx.Read(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Dims, []int{2, 3}) || !slices.Equal(got.Data, []uint8{1, 2, 3, 4, 5, 6}) {
			t.Errorf("got %+v", got)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	plain := file(8, []int{2, 3}, 1, 2, 3, 4, 5, 6)
	damaged := packed(plain)
	damaged[len(damaged)-6]++ // in the checksum
	for want, content := range map[string][]byte{
		"first four bytes: EOF":              nil,
		"starts with 00 00 08":               []byte("<html>404</html>"),
		"this one with 00 00 0d 01":          file(0x0d, []int{1}, 0, 0, 0, 0),
		"this one with 00 00 08 00":          file(8, nil),
		"size of axis 1":                     plain[:9],
		"wants 6 values, the file has 5":     plain[:len(plain)-1],
		"wants 6 values, the file has more":  append(slices.Clone(plain), 7),
		"the size 0":                         file(8, []int{2, 0}),
		"axis 0 the size 4294967295":         file(8, []int{-1, -1}),
		"axis 1 the size 2 after 1073741824": file(8, []int{1 << 30, 2}),
		"values, the file has 1":             file(8, []int{1 << 30}, 1),
		"unexpected EOF":                     packed(plain)[:15],
		"invalid checksum":                   damaged,
	} {
		if _, err := idx.Read(bytes.NewReader(content)); err == nil || !strings.HasPrefix(err.Error(), "idx: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// counted counts the bytes that are read of zeros without an end.
type counted struct{ read int }

func (c *counted) Read(p []byte) (int, error) {
	clear(p)
	c.read += len(p)
	return len(p), nil
}

// What a file takes is bounded by what it has, and what is read of it by what its header says.
func TestMemoryIsBounded(t *testing.T) {
	took := func(read func()) int {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		read()
		runtime.ReadMemStats(&after)
		return int(after.TotalAlloc - before.TotalAlloc)
	}
	lying := file(8, []int{1 << 30}, 1, 2, 3)
	if n := took(func() { _, _ = idx.Read(bytes.NewReader(lying)) }); n > 2<<20 {
		t.Errorf("a file of %d bytes took %d bytes of memory", len(lying), n)
	}
	const size = 50_000_000
	full := packed(file(8, []int{size}, make([]byte, size)...))
	var array idx.Array
	if n := took(func() { array, _ = idx.Read(bytes.NewReader(full)) }); n > 3*size || len(array.Data) != size {
		t.Errorf("%d values took %d bytes of memory", len(array.Data), n)
	}
	endless := &counted{}
	if _, err := idx.Read(io.MultiReader(bytes.NewReader(file(8, []int{1000})), endless)); err == nil || endless.read > 100_000 {
		t.Errorf("of a file without an end %d bytes were read: error %v", endless.read, err)
	}
	// Labels that do not go with the images are refused by their header.
	endless.read = 0
	images := io.MultiReader(bytes.NewReader(file(8, []int{1000, 1000, 1000})), endless)
	if _, err := idx.ReadImages(images, bytes.NewReader(file(8, []int{2}, 1, 2))); err == nil || endless.read > 100_000 {
		t.Errorf("%d bytes of images were read: error %v", endless.read, err)
	}
}

// Whatever the bytes are, what is read has as many values as its axes say.
func FuzzRead(f *testing.F) {
	images, labels := file(8, []int{2, 1, 3}, 0, 128, 255, 9, 8, 7), file(8, []int{2}, 4, 1)
	f.Add(images, labels)
	f.Add(packed(images), packed(labels))
	f.Add(packed(images)[:20], labels[:5])
	f.Add(file(8, []int{0xffff, 0xffff, 1}), labels)
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if read, err := idx.ReadImages(bytes.NewReader(a), bytes.NewReader(b)); err == nil && len(read.Pixels) != read.Len()*read.Height*read.Width {
			t.Fatalf("%d pixels in %d images of %d by %d", len(read.Pixels), read.Len(), read.Height, read.Width)
		}
		array, err := idx.Read(bytes.NewReader(a))
		if err != nil {
			return
		}
		want := 1
		for _, d := range array.Dims {
			want *= d
		}
		if want != len(array.Data) {
			t.Fatalf("%d values in %v", len(array.Data), array.Dims)
		}
	})
}

func TestReadImagesRefuses(t *testing.T) {
	images, labels := file(8, []int{1, 1, 1}, 5), file(8, []int{1}, 5)
	for want, pair := range map[string][2][]byte{
		"swapped":           {labels, images},
		"do not go with 2":  {images, file(8, []int{2}, 5, 5)},
		"idx: images: read": {nil, labels},
		"idx: labels: read": {images, nil},
	} {
		var a, b io.Reader = bytes.NewReader(pair[0]), bytes.NewReader(pair[1])
		if _, err := idx.ReadImages(a, b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
