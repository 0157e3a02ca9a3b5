package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/png" // the pictures are PNG
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// notebook is what nbcheck reads of an .ipynb file.
type notebook struct {
	path  string
	Cells []cell
}

type cell struct {
	Type           string `json:"cell_type"`
	Source         text
	ExecutionCount *int `json:"execution_count"`
	Outputs        []output
}

type output struct {
	Type  string `json:"output_type"`
	Name  string `json:"ename"` // of an error
	Value string `json:"evalue"`
	Data  map[string]text
}

// text is a string that the format also allows to be a list of lines; other JSON, which no check reads, stays empty.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var whole string
	var lines []string
	if json.Unmarshal(data, &lines) == nil {
		whole = strings.Join(lines, "")
	} else {
		_ = json.Unmarshal(data, &whole)
	}
	*t = text(whole)
	return nil
}

func read(path string) (*notebook, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	n := &notebook{path: path}
	if err := json.Unmarshal(data, n); err != nil {
		return nil, fmt.Errorf("nbcheck: %s: %w", path, err)
	}
	n.Cells = slices.DeleteFunc(n.Cells, func(c cell) bool { return c.Type != "code" })
	if len(n.Cells) == 0 {
		return nil, fmt.Errorf("nbcheck: %s has no code cells", path)
	}
	return n, nil
}

// String counts what there is.
func (n *notebook) String() string {
	pictures, tables := 0, 0
	for _, c := range n.Cells {
		for _, o := range c.Outputs {
			if o.Data["image/png"] != "" {
				pictures++
			}
			if o.isTable() {
				tables++
			}
		}
	}
	return fmt.Sprintf("%s: %d code cells, %d pictures, %d tables", n.path, len(n.Cells), pictures, tables)
}

// problem is an error about the code cell number i, counted from 0.
func (n *notebook) problem(i int, format string, args ...any) error {
	return fmt.Errorf("%s: code cell %d: %s", n.path, i+1, fmt.Sprintf(format, args...))
}

// check lists what a reader of the notebook would miss.
func (n *notebook) check() error {
	var errs []error
	for i, c := range n.Cells {
		if c.ExecutionCount == nil {
			errs = append(errs, n.problem(i, "was not executed"))
		}
		for _, o := range c.Outputs {
			if o.Type == "error" {
				errs = append(errs, n.problem(i, "%s: %s", o.Name, o.Value))
			}
			if png := o.Data["image/png"]; png != "" {
				if err := checkPicture(string(png)); err != nil {
					errs = append(errs, n.problem(i, "%v", err))
				}
			}
			if o.isTable() {
				if _, bad := o.cells(); bad != "" {
					errs = append(errs, n.problem(i, "a table has %s for a number:\n%s", bad, o.Data["text/plain"]))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// compare lists where n, made by executing the code of wanted, does not show what wanted shows.
func (n *notebook) compare(wanted *notebook) error {
	if len(n.Cells) != len(wanted.Cells) {
		return fmt.Errorf("%s has %d code cells, %s has %d", n.path, len(n.Cells), wanted.path, len(wanted.Cells))
	}
	var errs []error
	for i, c := range n.Cells {
		if c.Source != wanted.Cells[i].Source {
			errs = append(errs, n.problem(i, "the code is not that of %s", wanted.path))
			continue
		}
		got, want := c.shown(), wanted.Cells[i].shown()
		if !slices.Equal(got, want) {
			errs = append(errs, n.problem(i, "shows\n\t%s\nwant, as in %s,\n\t%s", strings.Join(got, "\n\t"), wanted.path, strings.Join(want, "\n\t")))
		}
	}
	return errors.Join(errs...)
}

// shown describes the pictures and tables of a cell, without their numbers, which differ from one processor to another.
func (c *cell) shown() (things []string) {
	for _, o := range c.Outputs {
		switch {
		case o.isTable():
			words, _ := o.cells()
			things = append(things, "table: "+strings.Join(words, " "))
		case o.Data["image/png"] != "":
			things = append(things, "picture")
		}
	}
	return things
}

func (o *output) isTable() bool { return strings.Contains(string(o.Data["text/html"]), "<table") }

// cells returns the words of a table with # for each number, and the first number that is none.
func (o *output) cells() (words []string, bad string) {
	for _, word := range strings.Fields(string(o.Data["text/plain"])) {
		v, err := strconv.ParseFloat(strings.TrimSuffix(strings.Replace(word, "−", "-", 1), "%"), 64)
		if err == nil {
			if (math.IsNaN(v) || math.IsInf(v, 0)) && bad == "" {
				bad = word
			}
			word = "#"
		}
		if strings.Trim(word, "─-|:") != "" { // a rule is as wide as its numbers
			words = append(words, word)
		}
	}
	return words, bad
}

// checkPicture reports a picture that shows nothing: it cannot be read, or all its inner pixels have one colour.
func checkPicture(encoded string) error {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return fmt.Errorf("a picture is not base64: %w", err)
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("a picture cannot be read: %w", err)
	}
	const most = 1 << 26 // pixels; the decoder takes memory by what the header says
	if size.Width > most/max(1, size.Height) {
		return fmt.Errorf("a picture has %d by %d pixels; wanted at most %d", size.Width, size.Height, most)
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("a picture cannot be read: %w", err)
	}
	const frame = 8 // pixels of border that an empty card has too
	inner := picture.Bounds().Inset(frame)
	for y := inner.Min.Y; y < inner.Max.Y; y++ {
		for x := inner.Min.X; x < inner.Max.X; x++ {
			if picture.At(x, y) != picture.At(inner.Min.X, inner.Min.Y) {
				return nil
			}
		}
	}
	return errors.New("a picture is blank")
}
