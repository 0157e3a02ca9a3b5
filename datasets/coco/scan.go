package coco

import (
	"bufio"
	"errors"
	"io"
)

// scanner finds the records of a file and keeps one of them.
type scanner struct {
	r      *bufio.Reader
	at     int64 // the offset of the next byte
	max    int
	record []byte
}

// maxDepth is how deep values may lie in one another.
const maxDepth = 1000

// next returns the next byte that is not blank.
func (s *scanner) next() (byte, error) {
	for {
		b, err := s.byte()
		if err != nil || (b != ' ' && b != '\n' && b != '\t' && b != '\r') {
			return b, err
		}
	}
}

func (s *scanner) byte() (byte, error) {
	b, err := s.r.ReadByte()
	if errors.Is(err, io.EOF) {
		return 0, errorAt(s.at, "the file ends inside a value; was it cut off?")
	}
	if err != nil {
		return 0, errorAt(s.at, "read: %w", err)
	}
	s.at++
	return b, nil
}

// want reads one of two bytes.
func (s *scanner) want(a, b byte) (byte, error) {
	got, err := s.next()
	if err == nil && got != a && got != b {
		if a == b {
			return 0, errorAt(s.at-1, "%q stands where %q was wanted", got, a)
		}
		return 0, errorAt(s.at-1, "%q stands where %q or %q was wanted", got, a, b)
	}
	return got, err
}

// value goes over a value that begins with first, and puts it into record if keep. Only its extent
// is checked.
func (s *scanner) value(first byte, keep bool) error {
	start := s.at - 1
	s.record = append(s.record[:0], first)
	e := extent{depth: 1}
	if first == '"' {
		e = extent{quoted: true}
	}
	switch first {
	case '{', '[', '"':
	case '}', ']', ',', ':':
		return errorAt(start, "%q stands where a value was wanted", first)
	default:
		return s.scalar()
	}
	for done := false; !done; {
		if _, err := s.r.Peek(1); err != nil {
			_, err = s.byte()
			return err
		}
		chunk, _ := s.r.Peek(s.r.Buffered())
		n, ended := e.scan(chunk)
		done = ended
		if e.depth > maxDepth {
			return errorAt(s.at+int64(n)-1, "values lie more than %d deep", maxDepth)
		}
		if keep {
			if len(s.record)+n > s.max {
				return errorAt(start, "the record has more than %d bytes (Options.MaxBytes)", s.max)
			}
			s.record = append(s.record, chunk[:n]...)
		}
		_, _ = s.r.Discard(n)
		s.at += int64(n)
	}
	return nil
}

// extent is where in an object, list or text reading is.
type extent struct {
	depth           int // how many objects and lists are open
	quoted, escaped bool
}

// scan goes over bytes up to the end of the value, and says whether it is among them. It stops
// early if the depth is too great.
func (e *extent) scan(chunk []byte) (n int, ended bool) {
	for i, b := range chunk {
		switch {
		case e.escaped:
			e.escaped = false
		case e.quoted && b == '\\':
			e.escaped = true
		case b == '"':
			if e.quoted = !e.quoted; !e.quoted && e.depth == 0 {
				return i + 1, true
			}
		case e.quoted:
		case b == '{' || b == '[':
			if e.depth++; e.depth > maxDepth {
				return i + 1, false
			}
		case b == '}' || b == ']':
			if e.depth--; e.depth == 0 {
				return i + 1, true
			}
		}
	}
	return len(chunk), false
}

// scalar goes over what is left of a number or word.
func (s *scanner) scalar() error {
	for {
		next, err := s.r.Peek(1)
		if err != nil {
			_, err = s.byte()
			return err
		}
		if b := next[0]; b == ',' || b == '}' || b == ']' || b <= ' ' {
			return nil
		}
		if _, err := s.byte(); err != nil {
			return err
		}
	}
}

// list calls visit with each object of an array.
func (s *scanner) list(visit func(offset int64) error) error {
	first, err := s.next()
	if err == nil && first != '[' {
		return errorAt(s.at-1, "%q stands where a list was wanted", first)
	}
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		b, err := s.next()
		if err != nil || (b == ']' && n == 0) {
			return err
		}
		if b != '{' {
			return errorAt(s.at-1, "%q stands where an object was wanted", b)
		}
		offset := s.at - 1
		if err := s.value(b, true); err != nil {
			return err
		}
		if err := visit(offset); err != nil {
			return err
		}
		if b, err = s.want(',', ']'); err != nil || b == ']' {
			return err
		}
	}
}

// errStop ends reading without an error.
var errStop = errors.New("stop")

// file calls visit with the section and the offset of each record; the record is in s.record.
func (s *scanner) file(visit func(section string, offset int64) error) error {
	first, err := s.start()
	if err != nil {
		return err
	}
	if first == '[' {
		return errorAt(s.at-1,
			"the file is a list; wanted an object with \"images\" and \"annotations\" (is it a list of "+
				"results?)")
	}
	if first != '{' {
		return errorAt(s.at-1, "%q stands where an object was wanted; is the file JSON?", first)
	}
	seen := map[string]bool{}
	for n := 0; ; n++ {
		b, err := s.next()
		if err == nil && b == '}' && n == 0 {
			break
		}
		if err == nil && b != '"' {
			err = errorAt(s.at-1, "%q stands where a key was wanted", b)
		}
		if err != nil {
			return err
		}
		start := s.at - 1
		if err := s.value(b, true); err != nil {
			return err
		}
		key := string(s.record)
		if _, err := s.want(':', ':'); err != nil {
			return err
		}
		if seen[key] {
			return errorAt(start, "the key %.40s stands twice", key)
		}
		if seen[key] = true; len(seen) > 1000 {
			return errorAt(start, "the file has more than 1000 keys")
		}
		if err := s.section(key, visit); err != nil {
			return err
		}
		if b, err = s.want(',', '}'); err != nil {
			return err
		} else if b == '}' {
			break
		}
	}
	if !seen[`"images"`] {
		return errorAt(s.at, "the file has no \"images\"; is it a file of annotations?")
	}
	return s.end()
}

// start skips a byte order mark and returns the first byte.
func (s *scanner) start() (byte, error) {
	if mark, _ := s.r.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = s.r.Discard(3)
		s.at = 3
	}
	if mark, _ := s.r.Peek(2); string(mark) == "\x1f\x8b" {
		return 0, errorAt(s.at, "the file is compressed by gzip")
	} else if string(mark) == "PK" {
		return 0, errorAt(s.at, "the file is a zip file")
	}
	return s.next()
}

// section reads the value of a key.
func (s *scanner) section(key string, visit func(section string, offset int64) error) error {
	switch key {
	case `"images"`, `"annotations"`, `"categories"`:
		return s.list(func(offset int64) error { return visit(key[1:len(key)-1], offset) })
	}
	first, err := s.next()
	if err != nil {
		return err
	}
	return s.value(first, false)
}

// end tests that nothing follows.
func (s *scanner) end() error {
	for {
		b, err := s.r.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errorAt(s.at, "read: %w", err)
		}
		s.at++
		if b != ' ' && b != '\n' && b != '\t' && b != '\r' {
			return errorAt(s.at-1, "%q follows the end of the file's object", b)
		}
	}
}
