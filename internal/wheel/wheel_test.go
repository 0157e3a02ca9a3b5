package wheel

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var pip = Wheel{Package: "pip", Version: "26.3", File: "pip-26.3-py3-none-any.whl", SHA256: "0"}

// archive is a zip file with these entries, each holding its size in bytes of text.
func archive(t testing.TB, size int, names ...string) []byte {
	t.Helper()
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(bytes.Repeat([]byte("a"), size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// unpack extracts a file in both ways and returns what lies under a folder afterwards.
func unpack(t testing.TB, raw []byte) (dir string, err error) {
	t.Helper()
	dir = t.TempDir()
	file, out := filepath.Join(dir, "a.zip"), filepath.Join(dir, "in", "out")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := pip.ExtractDir(file, "ziglang", out); err != nil {
		return dir, err
	}
	return dir, pip.Extract(file, "LICENSE", filepath.Join(dir, "in", "LICENSE"))
}

// What an archive says that it unpacks to bounds what is written, and that is bounded.
func TestUnpackedSizeIsBounded(t *testing.T) {
	if _, err := unpack(t, archive(t, 10, "ziglang/zig", "x/LICENSE")); err != nil {
		t.Fatal(err)
	}
	claim := func(size uint64) []byte {
		var file bytes.Buffer
		z := zip.NewWriter(&file)
		for _, name := range []string{"ziglang/a", "ziglang/b"} {
			if _, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, UncompressedSize64: size}); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	for _, size := range []uint64{maxUnpacked/2 + 1, 1 << 63, 1<<64 - 1} {
		if _, err := unpack(t, claim(size)); err == nil || !strings.Contains(err.Error(), "unpacks to more than 2147483648 bytes at \"ziglang/") {
			t.Errorf("twice %d bytes: error %v", size, err)
		}
	}
	// An entry that says 10 bytes and has 10 million.
	raw := archive(t, 10_000_000, "ziglang/zig")
	told, says := []byte{0x80, 0x96, 0x98, 0}, []byte{10, 0, 0, 0}
	if n := bytes.Count(raw, told); n == 0 {
		t.Fatal("the size is not in the archive")
	}
	dir, err := unpack(t, bytes.ReplaceAll(raw, told, says))
	if info, missing := os.Stat(filepath.Join(dir, "in", "out", "zig")); err == nil || missing == nil && info.Size() > 100_000 {
		t.Errorf("an entry of another size than it says: error %v, %v", err, info)
	}
}

// A small compressed answer that unpacks into a large one is not read to its end.
func TestIndexAnswerIsBounded(t *testing.T) {
	var page bytes.Buffer
	w := gzip.NewWriter(&page)
	for range maxPage/1000 + 1 {
		_, _ = w.Write(bytes.Repeat([]byte(" "), 1000))
	}
	_ = w.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(page.Bytes())
	}))
	defer server.Close()
	t.Setenv("PIP_INDEX_URL", server.URL)
	if _, err := pip.url(t.Context()); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("more than %d bytes", maxPage)) {
		t.Errorf("error %v", err)
	}
}

// Whatever an archive holds, nothing is written outside of the folder that is asked for.
func FuzzExtract(f *testing.F) {
	f.Add(archive(f, 4, "ziglang/zig", "ziglang/lib/a", "x/LICENSE"))
	f.Add(archive(f, 4, "ziglang/../../evil", "ziglang/..", "/ziglang/a", "ziglang/a/../../../b"))
	f.Add(archive(f, 4, "ziglang/a", "ziglang/a/b"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir, _ := unpack(t, raw)
		for _, pattern := range []string{"*", "in/*"} {
			found, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range found {
				switch name, _ := filepath.Rel(dir, path); name {
				case "a.zip", "in", "in/out", "in/LICENSE":
				default:
					t.Fatalf("%s was written", name)
				}
			}
		}
	})
}

// Whatever an index answers, the look-up ends.
func FuzzIndex(f *testing.F) {
	var body []byte
	var kind string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(body)
	}))
	f.Cleanup(server.Close)
	f.Setenv("PIP_INDEX_URL", server.URL)
	f.Add([]byte(`<a href="../../x/pip-26.3-py3-none-any.whl#sha256=abc">pip-26.3-py3-none-any.whl</a>`), "text/html")
	f.Add([]byte(`{"files":[{"filename":"pip-26.3-py3-none-any.whl","url":"x","size":1}]}`), "application/vnd.pypi.simple.v1+json")
	f.Add([]byte(`{"files":[{"filename":"pip-26.3-py3-none-any.whl","url":"%zz"}]}`), "application/json")
	f.Fuzz(func(t *testing.T, answer []byte, contentType string) {
		body, kind = answer, contentType
		address, err := pip.url(t.Context())
		if err == nil && address == "" {
			t.Fatal("neither an address nor an error")
		}
	})
}
