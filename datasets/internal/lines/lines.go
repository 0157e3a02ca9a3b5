// Package lines reads text files line by line in bounded memory, and says where an error is.
package lines

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Error is an error with its place. Line and Column count from 1 and are 0 where unknown; Column
// counts bytes.
type Error struct {
	Format       string // the package that found it
	Name         string // the file; may be empty
	Line, Column int
	Err          error
}

// Error has the form "conll: train.txt:12:3: what is wrong".
func (e *Error) Error() string {
	switch {
	case e.Line == 0 && e.Name == "":
		return fmt.Sprintf("%s: %v", e.Format, e.Err)
	case e.Line == 0:
		return fmt.Sprintf("%s: %s: %v", e.Format, e.Name, e.Err)
	}
	place := fmt.Sprintf("line %d", e.Line)
	if e.Name != "" {
		place = fmt.Sprintf("%s:%d", e.Name, e.Line)
	}
	if e.Column > 0 && e.Name != "" {
		place += fmt.Sprintf(":%d", e.Column)
	} else if e.Column > 0 {
		place += fmt.Sprintf(", column %d", e.Column)
	}
	return fmt.Sprintf("%s: %s: %v", e.Format, place, e.Err)
}

// Unwrap implements the interface of package errors.
func (e *Error) Unwrap() error { return e.Err }

// Reader reads lines that end with LF, CR LF or CR CR LF. Nothing else ends a line: U+0085 and
// U+2028 are text.
type Reader struct {
	format, name string
	r            *bufio.Reader
	max          int
	line         int
	buf          []byte
	done         error
}

// New reads r, in which a line has at most max bytes. format and name begin the text of errors.
func New(r io.Reader, format, name string, max int) *Reader {
	return &Reader{format: format, name: name, r: bufio.NewReaderSize(r, 1<<16), max: max}
}

// Line is the number of the line that Next returned last.
func (l *Reader) Line() int { return l.line }

// Errorf is an error at a line; column 0 names none.
func (l *Reader) Errorf(line, column int, format string, args ...any) error {
	return &Error{Format: l.format, Name: l.name, Line: line, Column: column,
		Err: fmt.Errorf(format, args...)}
}

// Done says whether nothing follows: the end was reached or reading failed.
func (l *Reader) Done() bool { return l.done != nil }

// Next returns the next line without its end, valid until the next call. It returns io.EOF after
// the last one. After another error reading goes on with the next line, unless Done.
func (l *Reader) Next() ([]byte, error) {
	if l.done != nil {
		return nil, l.done
	}
	l.line++
	l.buf = l.buf[:0]
	size := 0
	for {
		part, err := l.r.ReadSlice('\n')
		size += len(part)
		if size <= l.max+3 { // 3 is the longest line end
			l.buf = append(l.buf, part...)
		}
		if err == nil {
			break
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if !errors.Is(err, io.EOF) {
			l.done = l.Errorf(l.line, 0, "read: %w", err)
			return nil, l.done
		}
		l.done = io.EOF
		if size == 0 {
			return nil, io.EOF
		}
		break
	}
	line := bytes.TrimSuffix(l.buf, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	if size > l.max+3 || len(line) > l.max {
		return nil, l.Errorf(l.line, 0,
			"the line has more than %d bytes; raise MaxBytes if that is meant", l.max)
	}
	return l.check(line)
}

// check finds what no text file should hold.
func (l *Reader) check(line []byte) ([]byte, error) {
	if l.line == 1 {
		if bytes.HasPrefix(line, []byte{0xff, 0xfe}) || bytes.HasPrefix(line, []byte{0xfe, 0xff}) {
			return nil, l.Errorf(1, 1, "the file is UTF-16; convert it to UTF-8")
		}
		if bytes.HasPrefix(line, []byte{0x1f, 0x8b}) {
			return nil, l.Errorf(1, 1, "the file is compressed by gzip; unpack it")
		}
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	if at := invalid(line); at >= 0 {
		return nil, l.Errorf(l.line, at+1,
			"the byte %#02x is not UTF-8; is the file Latin-1? convert it to UTF-8", line[at])
	}
	if at := bytes.IndexByte(line, '\r'); at >= 0 {
		return nil, l.Errorf(l.line, at+1,
			"a carriage return inside a line; lines end with LF or CR LF")
	}
	return line, nil
}

// invalid is the offset of the first byte that is not UTF-8, or -1.
func invalid(line []byte) int {
	if utf8.Valid(line) {
		return -1
	}
	for at := 0; ; {
		r, n := utf8.DecodeRune(line[at:])
		if r == utf8.RuneError && n == 1 {
			return at
		}
		at += n
	}
}
