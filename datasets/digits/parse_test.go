package digits

import (
	"bytes"
	"compress/gzip"
	"runtime"
	"strings"
	"testing"
)

func TestParseRefusesWhatIsNotTheData(t *testing.T) {
	line := strings.Repeat("0,", 64) + "3\n"
	for name, text := range map[string]string{
		"too few lines":      line,
		"too few fields":     "1,2,3\n",
		"pixel out of range": "17," + strings.Repeat("0,", 63) + "3\n" + strings.Repeat(line, count-1),
		"class out of range": strings.Repeat("0,", 64) + "10\n" + strings.Repeat(line, count-1),
		"not a number":       "x," + strings.Repeat("0,", 63) + "3\n" + strings.Repeat(line, count-1),
	} {
		var file bytes.Buffer
		writer := gzip.NewWriter(&file)
		if _, err := writer.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := parse(file.Bytes()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := parse(packed[:len(packed)/2]); err == nil {
		t.Error("truncated: no error")
	}
}

// Of a small file that unpacks into a large one no more is read than the data set has.
func TestParseReadsNoMoreThanTheData(t *testing.T) {
	var file bytes.Buffer
	writer := gzip.NewWriter(&file)
	if _, err := writer.Write(bytes.Repeat([]byte("0"), 50_000_000)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := parse(file.Bytes())
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > 20<<20 {
		t.Errorf("%d bytes of memory for a file of %d: error %v", took, file.Len(), err)
	}
}

// Whatever the bytes are, the reader ends, and what it takes is the whole data set.
func FuzzParse(f *testing.F) {
	f.Add([]byte(strings.Repeat("0,", 64) + "3\n"))
	f.Add([]byte("\"0\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var file bytes.Buffer
		writer := gzip.NewWriter(&file)
		_, _ = writer.Write(text)
		_ = writer.Close()
		for _, raw := range [][]byte{text, file.Bytes()} {
			if images, err := parse(raw); err == nil && len(images) != count {
				t.Fatalf("%d images", len(images))
			}
		}
	})
}
