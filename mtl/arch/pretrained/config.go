package pretrained

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// config is a file config.json, which says how the weights in its folder are used. What it says and the
// trunk does otherwise is collected in problems.
type config struct {
	path     string
	fields   map[string]json.RawMessage
	problems []string
}

// config reads the config.json in the folder of the weights. Where there is none it has no fields.
func (f *File) config() (*config, error) {
	c := &config{}
	if f.path == "" {
		return c, nil
	}
	c.path = filepath.Join(filepath.Dir(f.path), "config.json")
	text, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &c.fields)
	}
	if err != nil {
		return nil, fmt.Errorf("mtl: what %s is made for cannot be read: wanted a JSON object: %w", f.path, err)
	}
	return c, nil
}

// has reports whether the file gives a field a value.
func (c *config) has(field string) bool {
	value, found := c.fields[field]
	return found && string(value) != "null"
}

// want notes a field that has another value than the trunk's, which what names. A field that is not
// there wants nothing.
func (c *config) want(field, what string, trunk any) {
	if c.has(field) && !same(c.fields[field], trunk) {
		c.problems = append(c.problems, fmt.Sprintf("%s is %s, but %s is %v", field, c.fields[field], what, trunk))
	}
}

// same compares a value in JSON with one of Go, numbers by value and not by how they are written.
func same(text json.RawMessage, value any) bool {
	written, err := json.Marshal(value)
	var a, b any
	return err == nil && json.Unmarshal(text, &a) == nil && json.Unmarshal(written, &b) == nil && reflect.DeepEqual(a, b)
}

// err is an error that lists the problems, nil without any.
func (c *config) err(trunk string) error {
	if len(c.problems) == 0 {
		return nil
	}
	return fmt.Errorf("mtl: the weights were not made for this %s: %s says that %s. Set the trunk's fields to what it says, "+
		"or move it away if it belongs to other weights", trunk, c.path, strings.Join(c.problems, "; "))
}
