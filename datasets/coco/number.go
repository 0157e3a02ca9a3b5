package coco

import "strconv"

// digits goes over digits and says whether there were any.
func (c *cursor) digits() bool {
	start := c.at
	for c.at < len(c.text) && c.text[c.at]-'0' <= 9 {
		c.at++
	}
	return c.at > start
}

// span goes over a number and says whether it is whole.
func (c *cursor) span(wanted string) (number []byte, whole bool) {
	c.peek()
	start := c.at
	next := func() byte {
		if c.at < len(c.text) {
			return c.text[c.at]
		}
		return 0
	}
	if next() == '-' {
		c.at++
	}
	zero, first := next() == '0', c.at
	whole = true
	if !c.digits() {
		c.unexpected(wanted)
		return nil, false
	}
	good := !zero || c.at == first+1
	if next() == '.' {
		c.at++
		good = c.digits() && good
		whole = false
	}
	if next()|' ' == 'e' {
		if c.at++; next() == '+' || next() == '-' {
			c.at++
		}
		good = c.digits() && good
		whole = false
	}
	if !good {
		c.fail(start, "%.20q is no number of JSON", c.text[start:min(c.at+1, len(c.text))])
		return nil, false
	}
	return c.text[start:c.at], whole
}

// number reads a number.
func (c *cursor) number() float64 {
	text, _ := c.span("a number")
	if c.err != nil {
		return 0
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		c.fail(c.at-len(text), "%w", err)
	}
	return v
}

// integer reads a whole number.
func (c *cursor) integer() int64 {
	text, whole := c.span("a whole number")
	if c.err != nil {
		return 0
	}
	v, err := strconv.ParseInt(string(text), 10, 64)
	if !whole || err != nil {
		c.fail(c.at-len(text), "%.30s is no whole number of 64 bits", text)
	}
	return v
}
