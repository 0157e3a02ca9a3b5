// Package jsonl reads JSON lines, also called NDJSON: one JSON value a line (https://jsonlines.org,
// RFC 8259).
//
// What such files hold, and what comes of it here:
//
//   - Only LF and CR LF end a line. U+2028, U+2029 and U+0085 may stand in a string; readers that
//     split a text at every kind of line end break such lines.
//   - Numbers stay as they are written ([json.Number]): 9007199254740993 has no float64.
//   - A name that stands twice in an object is an error; most readers take one of the two values.
//   - Blank lines and a byte order mark are skipped. Text after the value, an array or object over
//     several lines, NaN, half a surrogate pair and bytes that are not UTF-8 are errors with line
//     and column; reading goes on with the next line.
//   - One line at most is in memory, and never more than [Options].MaxBytes of it.
package jsonl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/gomtl/gomtl/datasets/internal/lines"
)

// Options says how a file is read.
type Options struct {
	// MaxBytes is the most bytes of a line; 0 means 16 MiB. A value takes more memory than its text,
	// up to some 30 times as much where it is a list of empty lists.
	MaxBytes int
}

// Record is the value of one line.
type Record struct {
	// Line is the number of the line.
	Line int
	// Value is nil, a bool, a [json.Number], a string, a []any or a map[string]any of such.
	Value any

	text   []byte
	reader *lines.Reader
}

// Decode stores the value in the one that v points to, by the rules of encoding/json. A name
// without a field in v is skipped.
func (r Record) Decode(v any) error {
	if r.reader == nil {
		return errors.New("jsonl: Decode of a record that was not read")
	}
	d := json.NewDecoder(bytes.NewReader(r.text))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return r.reader.Errorf(r.Line, int(kind.Offset), "%w", err)
		}
		return r.reader.Errorf(r.Line, 0, "%w", err)
	}
	return nil
}

// Open reads the file at path, as [Read] does; errors name the file.
func Open(path string, o Options) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Record{}, &lines.Error{Format: "jsonl", Err: err})
			return
		}
		defer f.Close()
		read(f, path, o, yield)
	}
}

// Read yields the values of r. An error stands for a line that could not be read; the next one
// follows.
func Read(r io.Reader, o Options) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { read(r, "", o, yield) }
}

func read(r io.Reader, name string, o Options, yield func(Record, error) bool) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = 16 << 20
	}
	l := lines.New(r, "jsonl", name, o.MaxBytes)
	for {
		line, err := l.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		var record Record
		if err == nil {
			if len(bytes.Trim(line, " \t")) == 0 {
				continue
			}
			record, err = parse(l, bytes.Clone(line))
		}
		if !yield(record, err) || (err != nil && l.Done() && failed(l)) {
			return
		}
	}
}

// failed says whether the reader ended by an error, which was reported.
func failed(l *lines.Reader) bool {
	_, err := l.Next()
	return !errors.Is(err, io.EOF)
}

func parse(l *lines.Reader, line []byte) (Record, error) {
	fail := func(at int, err error) (Record, error) {
		return Record{}, l.Errorf(l.Line(), at+1, "%w", err)
	}
	if err := scan(line); err != nil {
		return fail(err.at, err.err)
	}
	d := decoder{line: line, json: json.NewDecoder(bytes.NewReader(line))}
	d.json.UseNumber()
	value, err := d.value()
	if err != nil {
		return fail(d.at, err)
	}
	return Record{Line: l.Line(), Value: value, text: line, reader: l}, nil
}

// place is an error and the offset of its byte.
type place struct {
	at  int
	err error
}

// scan tests that the line is one JSON value and nothing else.
func scan(line []byte) *place {
	var raw json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil {
		var syntax *json.SyntaxError
		if !errors.As(err, &syntax) {
			return &place{0, err}
		}
		at := max(int(syntax.Offset)-1, 0)
		text := syntax.Error()
		switch {
		case text == "unexpected end of JSON input":
			return &place{len(line),
				errors.New(
					"the line ends inside the value; was the file cut off, or is a value spread over lines?")}
		case at < len(line) && json.Valid(line[:at]):
			return &place{at, fmt.Errorf("%q follows the value; wanted one value a line",
				excerpt(line[at:]))}
		}
		return &place{at, errors.New(text)}
	}
	return surrogates(line)
}

// excerpt is the start of a text.
func excerpt(text []byte) string {
	const most = 20
	runes := bytes.Runes(text[:min(len(text), 4*most)])
	return string(runes[:min(len(runes), most)])
}

// surrogates finds an escape such as \ud800 without its other half, which encoding/json would
// replace without a word.
func surrogates(line []byte) *place {
	for i := 0; i < len(line); i++ {
		if line[i] != '\\' {
			continue
		}
		i++
		if line[i] != 'u' {
			continue
		}
		unit := hex(line[i+1 : i+5])
		if unit < 0xd800 || unit > 0xdfff {
			continue
		}
		rest := line[i+5:]
		if unit < 0xdc00 && len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' &&
			hex(rest[2:6])>>10 == 0xdc00>>10 {
			i += 10
			continue
		}
		return &place{i - 1, fmt.Errorf("%s is half of a surrogate pair", line[i-1:i+5])}
	}
	return nil
}

// hex is the value of digits that are known to be valid.
func hex(digits []byte) (value int) {
	_, _ = fmt.Sscanf(string(digits), "%04x", &value)
	return value
}
