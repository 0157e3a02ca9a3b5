package idx_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
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
	for want, content := range map[string][]byte{
		"first four bytes: EOF":             nil,
		"starts with 00 00 08":              []byte("<html>404</html>"),
		"this one with 00 00 0d 01":         file(0x0d, []int{1}, 0, 0, 0, 0),
		"this one with 00 00 08 00":         file(8, nil),
		"size of axis 1":                    plain[:9],
		"wants 6 values, the file has 5":    plain[:len(plain)-1],
		"wants 6 values, the file has more": append(slices.Clone(plain), 7),
		"the size 0":                        file(8, []int{2, 0}),
		"axis 1 the size 4294967295":        file(8, []int{-1, -1}),
		"values, the file has 1":            file(8, []int{1 << 30}, 1),
		"unexpected EOF":                    packed(plain)[:15],
	} {
		if _, err := idx.Read(bytes.NewReader(content)); err == nil || !strings.HasPrefix(err.Error(), "idx: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
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
