package digits

import (
	"bytes"
	"compress/gzip"
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
