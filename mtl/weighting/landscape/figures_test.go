package landscape_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/weighting/landscape"
	"github.com/gomtl/gomtl/plotting"
)

var update = flag.Bool("update", false, "write each method's figure for the documentation; look at each before committing it")

// figures is where the documentation's are, one for each type, by its name in lower case.
const figures = "../../../docs/images/methods"

// largest is what a figure may weigh in bytes: a page shows them all.
const largest = 40_000

// Each method has a figure, of its default setting or, for FAMO, of its paper's for this problem.
func TestFigures(t *testing.T) {
	var problem landscape.Problem
	sum := func(x, y float64) float64 {
		first, second := problem.Losses(x, y)
		return first + second
	}
	shown := map[string]method{}
	for _, m := range methods {
		if _, found := shown[m.name]; !found || m.name == "FAMO" {
			shown[m.name] = m
		}
	}
	for name, m := range shown {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(figures, strings.ToLower(name)+".svg")
			if *update {
				paths := m.paths(t)
				here := plotting.Landscape{Title: m.title(), X: [2]float64{-10.5, 10.5}, Y: [2]float64{-10.5, 10.5}}
				fig := here.Figure(sum, landscape.ParetoSet(30), plotting.Walks{Note: m.note(paths), Paths: paths})
				if err := fig.Save(file); err != nil {
					t.Fatal(err)
				}
			}
			svg, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v: run the test with -update", err)
			}
			if title := m.title() + ":"; len(svg) > largest || !bytes.Contains(svg, []byte(title)) {
				t.Errorf("%s has %d bytes, at most %d wanted, and should have %q for a title: run the test with -update", file, len(svg), largest, title)
			}
		})
	}
	files, err := filepath.Glob(filepath.Join(figures, "*.svg"))
	if err != nil || len(files) != len(shown) {
		t.Errorf("%d figures for %d methods (%v)", len(files), len(shown), err)
	}
}

// note counts the paths that arrive.
func (m method) note(paths [][][2]float64) string {
	arrivals := 0
	for _, path := range paths {
		if outcome(path[len(path)-1]) != 'w' {
			arrivals++
		}
	}
	return fmt.Sprintf("%d of %d arrive in %d,000 steps", arrivals, len(paths), m.steps/1000)
}
