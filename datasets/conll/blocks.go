package conll

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/gomtl/gomtl/datasets/internal/lines"
)

// numbered is a line with its number.
type numbered struct {
	text string
	line int
}

// block is what stands between two empty lines.
type block struct {
	comments []string
	rows     []numbered
}

// blocks divides a file at its empty lines.
type blocks struct {
	l       *lines.Reader
	comment string
	max     int
	failed  bool // reading failed: nothing follows
}

func newBlocks(r io.Reader, name, comment string, max int) *blocks {
	if max <= 0 {
		max = defaultMaxBytes
	}
	return &blocks{l: lines.New(r, "conll", name, max), comment: comment, max: max}
}

// next returns the next block, io.EOF after the last. With an error the rest of its block is
// skipped.
func (b *blocks) next() (block, error) {
	var out block
	for size := 0; ; {
		raw, err := b.l.Next()
		if errors.Is(err, io.EOF) {
			if len(out.rows) == 0 && len(out.comments) == 0 {
				return block{}, io.EOF
			}
			return out, nil
		}
		if err != nil {
			return block{}, b.skip(err)
		}
		if len(strings.Trim(string(raw), " \t")) == 0 {
			if len(out.rows) == 0 && len(out.comments) == 0 {
				continue
			}
			return out, nil
		}
		if size += cost(raw); size > b.max {
			return block{}, b.skip(b.l.Errorf(b.l.Line(), 0,
				"the sentence takes more than %d bytes; is an empty line missing? raise MaxBytes if not",
				b.max))
		}
		if b.comment != "" && len(out.rows) == 0 && strings.HasPrefix(string(raw), b.comment) {
			out.comments = append(out.comments, strings.TrimSpace(strings.TrimPrefix(string(raw),
				b.comment)))
			continue
		}
		out.rows = append(out.rows, numbered{string(raw), b.l.Line()})
	}
}

// cost is about the memory that a line takes in pieces, far more than its bytes.
func cost(line []byte) int {
	pieces := bytes.Count(line, []byte("\t")) + bytes.Count(line, []byte(" ")) + bytes.Count(line,
		[]byte("|"))
	return len(line) + 64 + 48*pieces
}

// skip reads to the end of a block that has an error, and returns that error.
func (b *blocks) skip(err error) error {
	for !b.l.Done() {
		raw, next := b.l.Next()
		if next == nil && len(strings.Trim(string(raw), " \t")) == 0 {
			return err
		}
	}
	_, end := b.l.Next()
	b.failed = !errors.Is(end, io.EOF)
	return err
}

func itoa(n int) string { return strconv.Itoa(n) }
