package coco

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// cursor reads the JSON of one record. After its first error it is at the end, and everything that
// it returns is zero. It is here because encoding/json takes twice the time of Python's parser for
// lists of numbers, and does not say where a value stands.
type cursor struct {
	text  []byte
	at    int
	base  int64  // the offset of the text in the file
	field string // the key whose value is read
	err   error
}

// fail keeps the first error.
func (c *cursor) fail(at int, format string, args ...any) {
	if c.err == nil {
		err := fmt.Errorf(format, args...)
		if c.field != "" {
			err = fmt.Errorf("%.40s: %w", c.field, err)
		}
		c.err = errorAt(c.base+int64(at), "%w", err)
	}
	c.at = len(c.text)
}

// peek goes over blanks and returns the next byte, 0 at the end.
func (c *cursor) peek() byte {
	for ; c.at < len(c.text); c.at++ {
		if b := c.text[c.at]; b != ' ' && b != '\n' && b != '\t' && b != '\r' {
			return b
		}
	}
	return 0
}

// unexpected fails at the next byte.
func (c *cursor) unexpected(wanted string) {
	if c.peek(); c.at >= len(c.text) {
		c.fail(c.at, "the record ends where %s was wanted", wanted)
		return
	}
	c.fail(c.at, "%q stands where %s was wanted", c.text[c.at], wanted)
}

// want goes over a byte that must be next.
func (c *cursor) want(b byte, wanted string) bool {
	if c.peek() != b {
		c.unexpected(wanted)
		return false
	}
	c.at++
	return true
}

// more goes over a comma, or over the end of a list or object.
func (c *cursor) more(end byte) bool {
	switch c.peek() {
	case ',':
		c.at++
		return true
	case end:
		c.at++
		return false
	}
	c.unexpected(fmt.Sprintf("',' or %q", end))
	return false
}

// null goes over a null.
func (c *cursor) null() bool {
	is := c.peek() == 'n' && len(c.text)-c.at >= 4 && string(c.text[c.at:c.at+4]) == "null"
	if is {
		c.at += 4
	}
	return is
}

// object calls visit with each key whose value is not null; visit must read the value.
func (c *cursor) object(visit func(key string)) {
	if !c.want('{', "an object") {
		return
	}
	if c.peek() == '}' {
		c.at++
		return
	}
	var few [16]string
	seen, many := few[:0], map[string]bool(nil)
	outer := c.field
	for next := true; next && c.err == nil; next = c.more('}') {
		c.field = outer
		c.peek()
		start := c.at
		key := c.str()
		if twice(&seen, &many, key) {
			c.fail(start, "the key %q stands twice", key)
		}
		if !c.want(':', "':'") {
			return
		}
		if !c.null() {
			c.field = key
			visit(key)
		}
		c.field = outer
	}
}

// twice says whether a key was seen before; many takes over from seen where there are many.
func twice(seen *[]string, many *map[string]bool, key string) bool {
	if *many == nil && len(*seen) < cap(*seen) {
		for _, s := range *seen {
			if s == key {
				return true
			}
		}
		*seen = append(*seen, key)
		return false
	}
	if *many == nil {
		*many = map[string]bool{}
		for _, s := range *seen {
			(*many)[s] = true
		}
	}
	is := (*many)[key]
	(*many)[key] = true
	return is
}

// list calls visit for each value of a list; visit must read it.
func (c *cursor) list(visit func()) {
	if !c.want('[', "a list") {
		return
	}
	if c.peek() == ']' {
		c.at++
		return
	}
	for next := true; next && c.err == nil; next = c.more(']') {
		visit()
	}
}

// numbers reads a list of numbers.
func (c *cursor) numbers() (all []float64) {
	c.list(func() { all = append(all, c.number()) })
	return all
}

// integers reads a list of whole numbers.
func (c *cursor) integers() (all []int64) {
	c.list(func() { all = append(all, c.integer()) })
	return all
}

// flag reads 0, 1, false or true.
func (c *cursor) flag() bool {
	b := c.peek()
	if b == 't' || b == 'f' {
		return c.word()
	}
	v := c.integer()
	if v != 0 && v != 1 {
		c.fail(c.at-1, "%d is neither 0 nor 1", v)
	}
	return v == 1
}

// word reads true or false.
func (c *cursor) word() bool {
	for text, value := range map[string]bool{"true": true, "false": false} {
		if rest := c.text[c.at:]; len(rest) >= len(text) && string(rest[:len(text)]) == text {
			c.at += len(text)
			return value
		}
	}
	c.unexpected("true or false")
	return false
}

// str reads a text.
func (c *cursor) str() string {
	if !c.want('"', "a text in quotes") {
		return ""
	}
	start, plain := c.at, true
	for ; c.at < len(c.text) && c.text[c.at] != '"'; c.at++ {
		switch b := c.text[c.at]; {
		case b < ' ':
			c.fail(c.at, "%q stands in a text", b)
			return ""
		case b == '\\':
			plain = false
			c.at++
		case b >= utf8.RuneSelf:
			plain = false
		}
	}
	if c.at >= len(c.text) {
		c.unexpected("the end of a text")
		return ""
	}
	c.at++
	if plain {
		return string(c.text[start : c.at-1])
	}
	if !utf8.Valid(c.text[start:c.at]) {
		c.fail(start, "the text %.20q is not UTF-8", c.text[start:c.at-1])
		return ""
	}
	var s string
	if err := json.Unmarshal(c.text[start-1:c.at], &s); err != nil {
		c.fail(start-1, "%w", err)
	}
	return s
}

// skip goes over a value.
func (c *cursor) skip() {
	switch c.peek() {
	case '{':
		c.object(func(string) { c.skip() })
	case '[':
		c.list(c.skip)
	case '"':
		c.str()
	case 't', 'f':
		c.word()
	case 'n':
		if !c.null() {
			c.unexpected("null")
		}
	default:
		c.span("a value")
	}
}

// end tests that nothing follows.
func (c *cursor) end() error {
	if c.err == nil && c.peek() != 0 {
		c.unexpected("the end of the record")
	}
	return c.err
}
