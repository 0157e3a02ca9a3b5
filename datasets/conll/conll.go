package conll

import (
	"errors"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/gomtl/gomtl/datasets/internal/lines"
)

// Options says how a file of columns is read.
type Options struct {
	// Columns is the number of columns of every row; 0 takes that of the first row.
	Columns int
	// Comment is how a comment line begins, often "#"; empty means that there are none.
	Comment string
	// MaxBytes is the most memory that one sentence may take; 0 means 64 MiB.
	// It is reckoned as the bytes, 64 for each row and 48 for each TAB, blank and bar.
	MaxBytes int
}

const defaultMaxBytes = 64 << 20

// Sentence is a sentence of a file of columns.
type Sentence struct {
	// Line is the line of the first row.
	Line int
	// Document is the number of -DOCSTART- rows before the sentence.
	Document int
	// Comments are the comment lines before the first row, without the text that marks them.
	Comments []string
	// Rows are the tokens: [tokens][columns].
	Rows [][]string
}

// Column returns column i of every row; a negative i counts from the end, -1 is the last.
func (s Sentence) Column(i int) []string {
	column := make([]string, len(s.Rows))
	for row, fields := range s.Rows {
		at := i
		if i < 0 {
			at += len(fields)
		}
		column[row] = fields[at]
	}
	return column
}

// Open reads the file at path, as [Read] does; errors name the file.
func Open(path string, o Options) iter.Seq2[Sentence, error] {
	return func(yield func(Sentence, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Sentence{}, &lines.Error{Format: "conll", Err: err})
			return
		}
		defer f.Close()
		read(f, path, o, yield)
	}
}

// Read yields the sentences of r. An error stands for a sentence that could not be read; the next
// one follows.
func Read(r io.Reader, o Options) iter.Seq2[Sentence, error] {
	return func(yield func(Sentence, error) bool) { read(r, "", o, yield) }
}

func read(r io.Reader, name string, o Options, yield func(Sentence, error) bool) {
	b := newBlocks(r, name, o.Comment, o.MaxBytes)
	width, first, document := o.Columns, 0, 0
	for {
		block, err := b.next()
		if errors.Is(err, io.EOF) {
			return
		}
		var s Sentence
		if err == nil {
			s = Sentence{Comments: block.comments}
			for _, row := range block.rows {
				var fields []string
				if fields, err = b.split(row); err != nil {
					break
				}
				if fields[0] == "-DOCSTART-" {
					document++
					continue
				}
				if width == 0 {
					width, first = len(fields), row.line
				}
				if len(fields) != width {
					err = b.l.Errorf(row.line, 0, "%d columns, wanted %d%s", len(fields), width,
						since(first))
					break
				}
				if len(s.Rows) == 0 {
					s.Line, s.Document = row.line, document
				}
				s.Rows = append(s.Rows, fields)
			}
		}
		if err != nil {
			s = Sentence{}
		} else if len(s.Rows) == 0 {
			continue // -DOCSTART- or comments only
		}
		if !yield(s, err) || b.failed {
			return
		}
	}
}

// since says which line set the number of columns.
func since(line int) string {
	if line == 0 {
		return ""
	}
	return " as in line " + itoa(line)
}

// split takes a row to pieces: at each TAB if there is one, else at blanks.
func (b *blocks) split(row numbered) ([]string, error) {
	if !strings.Contains(row.text, "\t") {
		return strings.FieldsFunc(row.text, func(r rune) bool { return r == ' ' }), nil
	}
	fields := strings.Split(row.text, "\t")
	for i, f := range fields {
		if strings.Trim(f, " ") == "" {
			return nil, b.l.Errorf(row.line, 0, "column %d is empty", i+1)
		}
	}
	return fields, nil
}
