package npy

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxHeader is the most bytes of a header, NumPy's own bound.
const maxHeader = 10000

const magic = "\x93NUMPY"

// header is what stands before the values.
type header struct {
	dtype   DType
	size    int // bytes of a value
	order   binary.ByteOrder
	fortran bool
	shape   []int
	start   int64 // the offset of the first value
}

// numberBytes is the bytes of a number; a complex value has two.
func (h header) numberBytes() int {
	if strings.HasPrefix(string(h.dtype), "complex") {
		return h.size / 2
	}
	return h.size
}

// readHeader reads up to the first value.
func readHeader(r *bufio.Reader) (header, error) {
	var start [12]byte
	n, err := io.ReadFull(r, start[:10])
	if n < 10 {
		if err = unexpected(err, int64(n), "before the header"); n < 6 || string(start[:6]) == magic {
			return header{}, err
		}
	}
	if string(start[:6]) != magic {
		return header{}, fmt.Errorf("byte 0: no npy file: it begins with %q, wanted %q%s", start[:min(n,
			6)], magic, guess(start[:n]))
	}
	length, lengthBytes := int64(binary.LittleEndian.Uint16(start[8:])), int64(2)
	switch major, minor := start[6], start[7]; {
	case major < 1 || major > 3 || minor != 0:
		return header{}, fmt.Errorf("byte 6: version %d.%d is not read; wanted 1.0, 2.0 or 3.0", major,
			minor)
	case major > 1:
		if n, err := io.ReadFull(r, start[10:]); n < 2 {
			return header{}, unexpected(err, int64(10+n), "before the header")
		}
		length, lengthBytes = int64(binary.LittleEndian.Uint32(start[8:])), 4
	}
	if length > maxHeader {
		return header{}, fmt.Errorf("byte 8: the header has %d bytes by its length; at most %d are read",
			length, maxHeader)
	}
	text := make([]byte, length)
	if n, err := io.ReadFull(r, text); n < len(text) {
		return header{}, unexpected(err, 8+lengthBytes+int64(n), "inside the header")
	}
	p := parser{text: string(text), base: 8 + int(lengthBytes)}
	h, err := p.header()
	if err != nil {
		return header{}, fmt.Errorf("byte %d: %w", p.base+p.at, err)
	}
	h.start = 8 + lengthBytes + length
	return h, nil
}

// unexpected is the error of a file that ends early, or that cannot be read.
func unexpected(err error, at int64, where string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file ends at byte %d, %s", at, where)
	}
	return fmt.Errorf("byte %d: read: %w", at, err)
}

// guess names files of other kinds.
func guess(start []byte) string {
	switch {
	case strings.HasPrefix(string(start), "PK"):
		return "; it is a zip file: open it as npz"
	case strings.HasPrefix(string(start), "\x80"):
		return "; it is a Python pickle, which is not read"
	case strings.HasPrefix(string(start), "\x1f\x8b"):
		return "; it is compressed by gzip"
	case strings.HasPrefix(string(start), "\x89HDF"):
		return "; it is an HDF5 file"
	}
	return ""
}

// values is the number of values of a shape.
func values(shape []int, size int) (int, error) {
	count := 1
	for _, n := range shape {
		if n == 0 {
			return 0, nil
		}
	}
	for _, n := range shape {
		if n > math.MaxInt/size/count {
			return 0, fmt.Errorf("the shape %v has more values than there can be", shape)
		}
		count *= n
	}
	return count, nil
}

// parser reads the header, a Python dictionary of three keys.
type parser struct {
	text string
	at   int
	base int // the offset of the text in the file
}

func (p *parser) header() (h header, err error) {
	if !utf8.ValidString(p.text) {
		return h, errors.New("the header is not text")
	}
	if err := p.want("{"); err != nil {
		return h, err
	}
	seen := map[string]bool{}
	for !p.take("}") {
		p.blanks()
		start := p.at
		key, err := p.quoted()
		if err == nil && seen[key] {
			p.at, err = start, fmt.Errorf("the key %q stands twice", key)
		}
		if err == nil {
			err = p.want(":")
		}
		if err == nil {
			err = p.value(key, start, &h)
		}
		if err != nil {
			return h, err
		}
		if seen[key] = true; !p.take(",") {
			if err := p.want("}"); err != nil {
				return h, err
			}
			break
		}
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if !seen[key] {
			return h, fmt.Errorf("the header has no key %q", key)
		}
	}
	if p.blanks(); p.at < len(p.text) {
		return h, fmt.Errorf("%.20q follows the header's dictionary", p.text[p.at:])
	}
	_, err = values(h.shape, h.size)
	return h, err
}

// value reads the value of a key into h.
func (p *parser) value(key string, start int, h *header) (err error) {
	p.blanks()
	at := p.at
	switch key {
	case "descr":
		if at < len(p.text) && (p.text[at] == '[' || p.text[at] == '(') {
			return errors.New("the array holds structures (a dtype with fields); save each field as a " +
				"separate array")
		}
		text, err := p.quoted()
		if err != nil {
			return err
		}
		if h.dtype, h.size, h.order, err = parseDType(text); err != nil {
			p.at = at
		}
		return err
	case "fortran_order":
		if h.fortran = p.take("True"); !h.fortran {
			return p.want("False")
		}
		return nil
	case "shape":
		h.shape, err = p.tuple()
		return err
	}
	p.at = start
	return fmt.Errorf("the key %q is unknown; wanted 'descr', 'fortran_order' and 'shape'", key)
}

// tuple reads lengths: (), (3,), (3, 4).
func (p *parser) tuple() ([]int, error) {
	const most = 64 // axes, as in NumPy 2
	shape := []int{}
	if err := p.want("("); err != nil {
		return nil, err
	}
	for comma := true; !p.take(")"); comma = p.take(",") {
		if !comma {
			return nil, p.missing(`"," or ")"`)
		}
		p.blanks()
		start := p.at
		for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			p.at++
		}
		if start == p.at {
			return nil, p.missing("a length")
		}
		n, err := strconv.Atoi(p.text[start:p.at])
		if err == nil && p.at > start+1 && p.text[start] == '0' {
			err = errors.New("leading zero")
		}
		if err != nil {
			p.at = start
			return nil, fmt.Errorf("the length %.30s: %w", p.text[start:], err)
		}
		if shape = append(shape, n); len(shape) > most {
			return nil, fmt.Errorf("the shape has more than %d axes", most)
		}
		p.take("L")
	}
	if len(shape) == 1 && !strings.HasSuffix(strings.TrimRight(p.text[:p.at-1], " "), ",") {
		p.at--
		return nil, fmt.Errorf("the shape (%d) is no tuple; wanted (%d,)", shape[0], shape[0])
	}
	return shape, nil
}

// quoted reads a text in quotes, without escapes.
func (p *parser) quoted() (string, error) {
	p.blanks()
	if p.at >= len(p.text) || (p.text[p.at] != '\'' && p.text[p.at] != '"') {
		return "", p.missing("a text in quotes")
	}
	quote := p.text[p.at]
	length := strings.IndexByte(p.text[p.at+1:], quote)
	if length < 0 {
		return "", fmt.Errorf("the text %.20q has no end", p.text[p.at:])
	}
	text := p.text[p.at+1 : p.at+1+length]
	p.at += length + 2
	return text, nil
}

func (p *parser) blanks() {
	for p.at < len(p.text) && strings.IndexByte(" \t\n\r", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take goes over a word if it is next.
func (p *parser) take(word string) bool {
	p.blanks()
	is := strings.HasPrefix(p.text[p.at:], word)
	if is {
		p.at += len(word)
	}
	return is
}

func (p *parser) want(word string) error {
	if !p.take(word) {
		return p.missing(strconv.Quote(word))
	}
	return nil
}

// missing says what stands where something else was wanted.
func (p *parser) missing(wanted string) error {
	if p.at >= len(p.text) {
		return fmt.Errorf("the header ends; wanted %s", wanted)
	}
	return fmt.Errorf("the header has %.20q; wanted %s", p.text[p.at:], wanted)
}
