package conll_test

import (
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/datasets/conll"
)

func Example() {
	const file = "-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\nrejects VBZ I-VP O\nGerman JJ I-NP B-MISC\n"
	for s, err := range conll.Read(strings.NewReader(file),
		conll.Options{}) { // in practice conll.Open("eng.train", ...)
		if err != nil {
			fmt.Println(err)
			return
		}
		tags := s.Column(-1)
		if err := conll.Check(tags, conll.IOB2); err != nil {
			fmt.Println(err)
			return
		}
		entities, err := conll.Entities(tags)
		fmt.Println(s.Column(0), entities, err)
	}
	// Output: [EU rejects German] [{ORG 0 1} {MISC 2 3}] <nil>
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
	const file = "\xef\xbb\xbf# sent_id = a\r\n# text = x\r\n#tag\tO\r\nEU\u00a0\u2028x\tB-ORG\r\n\t \r\n\r\n-DOCSTART-\tO\r\n\r\nb\tO\r\n\r\n-DOCSTART-\tO\r\nc\tO\r\n# d\tO"
	got, errs := all(conll.Read(strings.NewReader(file), conll.Options{Comment: "# "}))
	want := []conll.Sentence{
		{Line: 3, Comments: []string{"sent_id = a", "text = x"},
			Rows: [][]string{{"#tag", "O"}, {"EU\u00a0\u2028x", "B-ORG"}}},
		{Line: 9, Document: 1, Rows: [][]string{{"b", "O"}}},
		{Line: 12, Document: 2, Rows: [][]string{{"c", "O"}, {"# d", "O"}}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || errs != nil {
		t.Errorf("got %v %q, want %v", got, errs, want)
	}
	if c := got[0].Column(1); !slices.Equal(c, got[0].Column(-1)) || c[1] != "B-ORG" {
		t.Errorf("columns %q", c)
	}
	spaces, errs := all(conll.Read(strings.NewReader("& O\r\n\r\na  b   c O \n"), conll.Options{}))
	if len(spaces) != 1 || len(errs) != 1 ||
		errs[0] != "conll: line 3: 4 columns, wanted 2 as in line 1" {
		t.Errorf("%v %q", spaces, errs)
	}
}

// bad are broken files, the error that is wanted, and how many sentences of them are sound.
var bad = []struct {
	file, want string
	sound      int
}{
	{"a\tO\nb\n\nc\tO\n", "conll: line 2: 1 columns, wanted 2 as in line 1", 2 - 1},
	{"a O\n\nb O O\n\nc O\n", "line 3: 3 columns, wanted 2 as in line 1", 2},
	{"a\tO\n\n\tO\n\nb\tO", "line 3: column 1 is empty", 2},
	{"a\t\n", "line 1: column 2 is empty", 0},
	{"a\t \tO\n", "line 1: column 2 is empty", 0},
	{"a\t\tO\n", "line 1: column 2 is empty", 0},
	{"a\tO\t\n", "line 1: column 3 is empty", 0},
	{"caf\xe9 O\n\nb O\n", "line 1, column 4: the byte 0xe9 is not UTF-8", 1},
	{"a O\nb \xff\n\nc O", "line 2, column 3: the byte 0xff", 1},
	{"a O\nb \xed\xa0\x80\n\nc O", "line 2, column 3: the byte 0xed",
		1}, // half of a surrogate pair
	{"\xff\xfea\x00 \x00O\x00\n\x00", "line 1, column 1: the file is UTF-16", 0},
	{"\xfe\xff\x00a\x00 \x00O", "line 1, column 1: the file is UTF-16", 0},
	{"\x1f\x8b\x08\x00\x00", "line 1, column 1: the file is compressed by gzip", 0},
	{"a O\rb O\rc O", "line 1, column 4: a carriage return inside a line", 0},
	{strings.Repeat("x", 2000) + " O\n\nb O\n", "line 1: the line has more than 1000 bytes", 1},
	{strings.Repeat("word O\n", 300) + "\nb O\n", "the sentence takes more than 1000 bytes", 1},
	{"# " + strings.Repeat("x", 700) + "\n# " + strings.Repeat("x", 700) + "\na O\n\nb O",
		"line 2: the sentence takes more than 1000 bytes", 1},
	{"a O\n# late\nb O\n\nc O\n", "", 2}, // two columns: "#" is a token there
	{"a B O\n# late\nb B O\n\nc B O\n", "line 2: 2 columns, wanted 3", 1},
	{"<html>404 not found</html>\n\na\tO\n", "line 3: 2 columns, wanted 3 as in line 1", 1},
	{"a O\n\n\"b c\" O\n\nd O", "line 3: 3 columns, wanted 2", 2},
	{"a,O\nb O", "line 2: 2 columns, wanted 1 as in line 1", 0},
}

func TestReadRefuses(t *testing.T) {
	for _, c := range bad {
		got, errs := all(conll.Read(strings.NewReader(c.file),
			conll.Options{Comment: "# ", MaxBytes: 1000}))
		if c.want == "" {
			c.want = "[]"
		}
		if !strings.Contains(fmt.Sprint(errs), c.want) || len(errs) > 1 || len(got) != c.sound {
			t.Errorf("%.60q: errors %.300q, %d sentences; wanted one with %q, %d", c.file, errs,
				len(got), c.want, c.sound)
		}
	}
	if _, errs := all(conll.Read(strings.NewReader("a O\n\nb O"),
		conll.Options{Columns: 4})); len(errs) != 2 ||
		errs[0] != "conll: line 1: 2 columns, wanted 4" {
		t.Errorf("%q", errs)
	}
}

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.conll")
	if err := os.WriteFile(path, []byte("a O\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs := all(conll.Open(path, conll.Options{})); len(errs) != 1 ||
		errs[0] != "conll: "+path+":2: 1 columns, wanted 2 as in line 1" {
		t.Errorf("%q", errs)
	}
	if _, errs := all(conll.Open(path+"x", conll.Options{})); len(errs) != 1 ||
		!strings.Contains(errs[0], path+"x") {
		t.Errorf("%q", errs)
	}
	if _, errs := all(conll.OpenU(path, conll.Options{})); len(errs) != 1 ||
		!strings.HasPrefix(errs[0], "conll: "+path+":1: 1 columns") {
		t.Errorf("%q", errs)
	}
	if _, errs := all(conll.OpenU(t.TempDir(), conll.Options{})); len(errs) != 1 {
		t.Errorf("a folder: %q", errs)
	}
}

// A loop that is left early ends the reading.
func TestBreak(t *testing.T) {
	r := strings.NewReader(strings.Repeat("a O\n\n", 100_000))
	for _, err := range conll.Read(r, conll.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if r.Len() == 0 {
		t.Error("all was read")
	}
}

// Memory is bounded by the option, not by the file.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, errs := all(conll.Read(io.LimitReader(letters{}, 1<<26), conll.Options{MaxBytes: 1 << 16}))
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
