package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever a notebook holds, it is checked or refused.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","source":["a","b"],"execution_count":1,"outputs":[{"output_type":"display_data",` +
		`"data":{"image/png":"iVBORw0KGgo=","text/html":"<table>","text/plain":["| a | b |\n","| - | -: |\n","| x | NaN |"]}}]}]}`))
	f.Add([]byte(`{"cells":[{"cell_type":"code","source":3,"outputs":[{"output_type":"error","ename":null}]}]}`))
	f.Add([]byte(`{"cells":null}`))
	path := filepath.Join(f.TempDir(), "n.ipynb")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := read(path)
		if err != nil {
			return
		}
		_, _ = n.check(), n.String()
		if err := n.compare(n); err != nil {
			t.Fatalf("a notebook differs from itself: %v", err)
		}
	})
}

// A picture that says that it is huge is refused before memory is taken for it.
func TestHugePictureIsRefused(t *testing.T) {
	raw, err := base64.StdEncoding.DecodeString(picture(t, true))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(raw, []byte("IHDR"))
	binary.BigEndian.PutUint32(raw[at+4:], 1<<20)
	binary.BigEndian.PutUint32(raw[at+8:], 1<<20)
	binary.BigEndian.PutUint32(raw[at+17:], crc32.ChecksumIEEE(raw[at:at+17]))
	if err := checkPicture(base64.StdEncoding.EncodeToString(raw)); err == nil || !strings.Contains(err.Error(), "1048576 by 1048576 pixels") {
		t.Errorf("error %v", err)
	}
}
