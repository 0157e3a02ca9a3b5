package jsonl_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/jsonl"
)

func Example() {
	const file = `{"text": "good", "label": 1}` + "\n" + `{"text": "bad", "label": 0}` + "\n"
	for record, err := range jsonl.Read(strings.NewReader(file),
		jsonl.Options{}) { // in practice jsonl.Open("train.jsonl", ...)
		if err != nil {
			fmt.Println(err)
			return
		}
		var row struct {
			Text  string
			Label int
		}
		if err := record.Decode(&row); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(record.Line, row.Text, row.Label)
	}
	// Output:
	// 1 good 1
	// 2 bad 0
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

func TestRead(t *testing.T) {
	const file = "\xef\xbb\xbf{\"a\": 9007199254740993, \"b\": [1.10, -0, 1e400, true, null, {}]}\r\n \t\n\r\n\"x\u2028y\u0085\\u2029\\ud83d\\ude00\\\\ud800\"\n[]\n 7 \n{\"a\": {\"a\": 1}, \"b\": {\"a\": 2}}"
	got, errs := all(jsonl.Read(strings.NewReader(file), jsonl.Options{}))
	n := func(s string) json.Number { return json.Number(s) }
	want := []any{
		map[string]any{"a": n("9007199254740993"), "b": []any{n("1.10"), n("-0"), n("1e400"), true,
			nil, map[string]any{}}},
		"x\u2028y\u0085\u2029😀\\ud800", []any{}, n("7"),
		map[string]any{"a": map[string]any{"a": n("1")}, "b": map[string]any{"a": n("2")}},
	}
	if errs != nil || len(got) != len(want) {
		t.Fatalf("%v %q", got, errs)
	}
	for i, line := range []int{1, 4, 5, 6, 7} {
		if got[i].Line != line || !reflect.DeepEqual(got[i].Value, want[i]) {
			t.Errorf("line %d: %#v, want line %d: %#v", got[i].Line, got[i].Value, line, want[i])
		}
	}
}

// bad are broken lines and what is said of them.
var bad = []struct{ line, want string }{
	{`{"a": 1} x`, `line 1, column 10: "x" follows the value; wanted one value a line`},
	{`{"a": 1}{"a": 2}`, `column 9: "{\"a\": 2}" follows the value`},
	{`{"a": 1},`, `column 9: "," follows the value`},
	{`1 2`, `column 3: "2" follows the value`},
	{`{`, "column 2: the line ends inside the value; was the file cut off"},
	{`{"a": "b`, "column 9: the line ends inside the value"},
	{`[1, 2`, "column 6: the line ends inside the value"},
	{`}`, "column 1: invalid character '}'"},
	{`{"a": 1, "a": 2}`, `column 10: the name "a" stands twice in an object`},
	{`[{"b": {"a": 1, "x": [], "\u0061": 2}}]`, `column 26: the name "a" stands twice`},
	{`{"a": NaN}`, "column 7: invalid character 'N'"},
	{`{"a": -Infinity}`, "column 8: invalid character 'I'"},
	{`{'a': 1}`, `column 2: invalid character '\''`},
	{`{a: 1}`, "column 2: invalid character 'a'"},
	{`[1,]`, "column 4: invalid character ']'"},
	{`{"a": 1,}`, "column 9: invalid character '}'"},
	{`{"a" 1}`, "column 6: invalid character '1'"},
	{`{"a": 01}`, "column 8: invalid character '1'"},
	{`{"a": .5}`, "column 7: invalid character '.'"},
	{`{"a": 0x10}`, "column 8: invalid character 'x'"},
	{`{"a": True}`, "column 7: invalid character 'T'"},
	{"\"a\tb\"", `column 3: invalid character '\t'`},
	{`"\x41"`, "column 3: invalid character 'x'"},
	{`"\ud800"`, `column 2: \ud800 is half of a surrogate pair`},
	{`["\udc00\ud800"]`, `column 3: \udc00 is half`},
	{`"\ud800\u0041"`, `column 2: \ud800 is half`},
	{"\"caf\xe9\"", "column 5: the byte 0xe9 is not UTF-8"},
	{"\xff\xfe{\x00}\x00", "column 1: the file is UTF-16"},
	{"\x1f\x8b\x08", "column 1: the file is compressed by gzip"},
	{"{}\r{}", "column 3: a carriage return inside a line"},
	{`// comment`, "column 1: invalid character '/'"},
	{`<!DOCTYPE html>`, "column 1: invalid character '<'"},
	{`"` + strings.Repeat("x", 5000) + `"`, "line 1: the line has more than 4096 bytes"},
	{strings.Repeat("[", 1001) + strings.Repeat("]", 1001),
		"column 1001: values lie more than 1000 deep"},
}

func TestReadRefuses(t *testing.T) {
	for _, c := range bad {
		got, errs := all(jsonl.Read(strings.NewReader(c.line+"\n{}\n"),
			jsonl.Options{MaxBytes: 4096}))
		if len(errs) != 1 || !strings.Contains(errs[0], c.want) || len(got) != 1 ||
			got[0].Line != 2 {
			t.Errorf("%.60q: %q, %d records; wanted one error with %q, one record", c.line, errs,
				len(got), c.want)
		}
	}
}

func TestOpenAndDecode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(path, []byte("{\"label\": 1.5}\n{}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, errs := all(jsonl.Open(path, jsonl.Options{}))
	if len(got) != 1 || len(errs) != 1 ||
		errs[0] != "jsonl: "+path+`:2:3: "}" follows the value; wanted one value a line` {
		t.Fatalf("%v %q", got, errs)
	}
	var row struct{ Label int }
	if err := got[0].Decode(&row); err == nil ||
		!strings.HasPrefix(err.Error(), "jsonl: "+path+":1:") ||
		!strings.Contains(err.Error(), "1.5") {
		t.Errorf("1.5 became %d, %v", row.Label, err)
	}
	if err := (jsonl.Record{}).Decode(&row); err == nil {
		t.Error("an empty record was decoded")
	}
	if _, errs := all(jsonl.Open(path+"x", jsonl.Options{})); len(errs) != 1 ||
		!strings.Contains(errs[0], path+"x") {
		t.Errorf("%q", errs)
	}
}

func TestReadErrorEnds(t *testing.T) {
	r := io.MultiReader(strings.NewReader("{}\n{}"), iotest.ErrReader(errors.New("disk on fire")))
	if got, errs := all(jsonl.Read(r, jsonl.Options{})); len(got) != 1 || len(errs) != 1 ||
		errs[0] != "jsonl: line 2: read: disk on fire" {
		t.Errorf("%v %q", got, errs)
	}
}

// Memory is bounded by the option, not by the file.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, errs := all(jsonl.Read(io.LimitReader(letters{}, 1<<26), jsonl.Options{MaxBytes: 1 << 16}))
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; len(errs) != 1 || taken > 1<<20 {
		t.Errorf("%d bytes were taken for a line of 64 MiB where 64 KiB were allowed; %q", taken,
			errs)
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// What is read, written by encoding/json and read again is the same.
func FuzzRead(f *testing.F) {
	for _, c := range bad {
		f.Add([]byte(c.line))
	}
	f.Add([]byte(`{"a": [1.10, -0, 1e400, true, null, {"b": "\ud83d\ude00"}]}` +
		"\r\n\n\"\u2028\"\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		for record, err := range jsonl.Read(bytes.NewReader(file),
			jsonl.Options{MaxBytes: 1 << 12}) {
			if err != nil {
				continue
			}
			text, err := json.Marshal(record.Value)
			if err != nil {
				t.Fatalf("%#v: %v", record.Value, err)
			}
			again, errs := all(jsonl.Read(bytes.NewReader(text), jsonl.Options{}))
			if len(again) != 1 || !reflect.DeepEqual(again[0].Value, record.Value) {
				t.Fatalf("%s: %#v became %v %q", text, record.Value, again, errs)
			}
			var raw json.RawMessage
			if err := record.Decode(&raw); err != nil {
				t.Fatal(err)
			}
		}
	})
}
