package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommitted checks the notebooks of this repository, as a reader of a code host sees them.
func TestCommitted(t *testing.T) {
	paths, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no notebooks: %v", err)
	}
	home := regexp.MustCompile(`/(root|home|Users)/[\w.]+`)
	for _, path := range paths {
		n, err := read(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.check(); err != nil {
			t.Error(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if found := home.Find(data); found != nil {
			t.Errorf("%s names a folder of one machine: %s", path, found)
		}
		t.Log(n)
	}
}

// picture is a PNG of 40 by 40 pixels, blank but for a border or with a dot.
func picture(t *testing.T, dot bool) string {
	t.Helper()
	p := image.NewGray(image.Rect(0, 0, 40, 40))
	for x := range 40 {
		p.SetGray(x, 0, color.Gray{Y: 200})
	}
	if dot {
		p.SetGray(20, 30, color.Gray{Y: 255})
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, p); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(buf.Bytes())
}

type object map[string]any

// save writes a notebook of these code cells, each a list of outputs.
func save(t *testing.T, source string, executed bool, cells ...[]object) string {
	t.Helper()
	var list []object
	for _, outputs := range cells {
		c := object{"cell_type": "code", "source": []string{source}, "outputs": outputs, "execution_count": nil}
		if executed {
			c["execution_count"] = 1
		}
		list = append(list, c, object{"cell_type": "markdown", "source": "words"})
	}
	data, err := json.Marshal(object{"cells": list, "nbformat": 4})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "n.ipynb")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func display(data object) object { return object{"output_type": "display_data", "data": data} }

func table(plain ...string) object {
	return display(object{"text/html": "<table></table>", "text/plain": plain})
}

func TestCheck(t *testing.T) {
	shows := display(object{"image/png": picture(t, true)})
	for _, test := range []struct {
		name, path, want string
	}{
		{"fine", save(t, "x", true, []object{shows, table("task value\n", "──── ─────\n", "ink 0.5")}), ""},
		{"not executed", save(t, "x", false, []object{shows}), "code cell 1: was not executed"},
		{"error", save(t, "x", true, nil, []object{{"output_type": "error", "ename": "ERROR", "evalue": "exit status 1"}}), "code cell 2: "},
		{"blank", save(t, "x", true, []object{display(object{"image/png": picture(t, false)})}), "blank"},
		{"no picture", save(t, "x", true, []object{display(object{"image/png": "AAAA"})}), "cannot be read"},
		{"NaN", save(t, "x", true, []object{table("ink NaN")}), "NaN for a number"},
		{"no cells", save(t, "x", true), "no code cells"},
	} {
		if err := run([]string{test.path}); test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: want an error with %q, got %v", test.name, test.want, err)
		}
	}
}

func TestCompare(t *testing.T) {
	shows := display(object{"image/png": picture(t, true)})
	wanted := save(t, "x", true, []object{shows, table("task value\n", "ink −0.5 %")})
	for _, test := range []struct {
		name, path, want string
	}{
		{"other numbers", save(t, "x", true, []object{shows, table("task value\n", "ink 12 %")}), ""},
		{"a metric is missing", save(t, "x", true, []object{shows, table("task value\n")}), "table: task value ink # %"},
		{"a picture is missing", save(t, "x", true, []object{table("task value\n", "ink 12 %")}), "want, as in"},
		{"other code", save(t, "y", true, []object{shows}), "the code is not that of"},
		{"another cell", save(t, "x", true, nil, nil), "has 2 code cells"},
	} {
		if err := run([]string{wanted, test.path}); test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: want an error with %q, got %v", test.name, test.want, err)
		}
	}
}
