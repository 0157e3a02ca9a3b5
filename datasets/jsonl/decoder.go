package jsonl

import (
	"encoding/json"
	"fmt"
)

// maxDepth is how deep values may lie in one another. encoding/json allows 10,000.
const maxDepth = 1000

// decoder builds a value and finds names that stand twice.
type decoder struct {
	line  []byte
	json  *json.Decoder
	depth int
	at    int // the offset of an error
}

// token is the next token. The text is known to be valid.
func (d *decoder) token() (json.Token, error) {
	t, err := d.json.Token()
	if err != nil {
		d.at = int(d.json.InputOffset())
	}
	return t, err
}

func (d *decoder) value() (any, error) {
	t, err := d.token()
	if err != nil {
		return nil, err
	}
	open, isDelim := t.(json.Delim)
	if !isDelim {
		return t, nil
	}
	if d.depth++; d.depth > maxDepth {
		d.at = int(d.json.InputOffset()) - 1
		return nil, fmt.Errorf("values lie more than %d deep", maxDepth)
	}
	defer func() { d.depth-- }()
	if open == '{' {
		return d.object()
	}
	list := []any{}
	for d.json.More() {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err = d.token()
	return list, err
}

func (d *decoder) object() (any, error) {
	object := map[string]any{}
	for d.json.More() {
		start := int(d.json.InputOffset())
		t, err := d.token()
		if err != nil {
			return nil, err
		}
		name, _ := t.(string)
		if _, twice := object[name]; twice {
			d.at = start
			for d.at < len(d.line) && d.line[d.at] != '"' {
				d.at++
			}
			return nil, fmt.Errorf("the name %q stands twice in an object", excerpt([]byte(name)))
		}
		if object[name], err = d.value(); err != nil {
			return nil, err
		}
	}
	_, err := d.token()
	return object, err
}
