// Package imports holds the direction of this module's imports, the rule that .golangci.yml has too, in a test that needs
// nothing but Go.
package imports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/gomtl/gomtl/"

// rule forbids packages to import others. Patterns are import paths, those of this module without its name; "/..." at the end means
// the package and all below it.
type rule struct {
	from, except []string
	not          []string
	through      bool // not even through another package
	why          string
}

var rules = []rule{
	{
		from: []string{"plotting/...", "mtl/history/...", "mtl/study/...", "mtl/pareto/...", "mtl/delta/...", "mtl/affinity/...", "mtl/internal/text/...", "mtl/internal/wire/..."}, not: []string{"github.com/gomlx/..."}, through: true,
		why: "a notebook cell that plots links without GoMLX",
	},
	{
		from: []string{"..."}, except: []string{"plotting/notebook"}, not: []string{"github.com/janpfeifer/gonb/..."},
		why: "only plotting/notebook knows the notebook kernel",
	},
	{
		from: []string{"..."}, except: []string{"backend", "internal/wheel"}, not: []string{"github.com/gomlx/go-xla/..."},
		why: "only backend starts XLA; internal/wheel uses go-xla's installer",
	},
	{
		from: []string{"..."}, except: []string{"backend"}, not: []string{"github.com/gomlx/compute/gobackend/..."},
		why: "only backend chooses a backend",
	},
	{
		from: []string{"mtl/..."}, except: []string{"mtl/weighting/weightingtest"},
		not: []string{"backend/...", "datasets/...", "plotting/...", "tracking", "internal/...", "cmd/...", "benchmarks/..."},
		why: "the core knows neither data sets nor figures nor backends; weightingtest is for tests, which run on backends",
	},
	{
		from: []string{"datasets/..."}, not: []string{"backend/...", "plotting/...", "internal/...", "cmd/...", "benchmarks/..."},
		why: "a data set knows the types of mtl only",
	},
	{
		from: []string{
			"datasets/audio", "datasets/cifar", "datasets/coco", "datasets/conll", "datasets/flac",
			"datasets/internal/...", "datasets/jsonl", "datasets/npy", "datasets/speech", "datasets/voc", "datasets/wav",
		},
		not: []string{"github.com/gomlx/...", "mtl/...", "datasets"}, through: true,
		why: "a reader of files yields plain Go records",
	},
	{
		from: []string{"plotting/..."}, not: []string{"mtl", "mtl/arch/...", "mtl/weighting/...", "mtl/metric/...", "mtl/sweep/...", "mtl/relate/...", "datasets/...", "backend/...", "cmd/...", "benchmarks/..."},
		why: "a figure knows plain Go types, mtl/history, mtl/study, mtl/pareto, mtl/delta and mtl/affinity only",
	},
	{
		from: []string{"tracking"}, through: true,
		not: []string{"github.com/gomlx/...", "mtl", "mtl/arch/...", "mtl/weighting/...", "mtl/metric/...", "mtl/sweep/...", "mtl/study/...", "datasets/...", "plotting/...", "backend/...",
			"internal/...", "cmd/...", "benchmarks/..."},
		why: "what writes runs for other tools knows mtl/history only",
	},
	{
		from: []string{"backend/...", "internal/..."}, not: []string{"plotting/...", "tracking", "datasets/...", "cmd/...", "benchmarks/..."},
		why: "data flows from the data set to the figure",
	},
}

// goPackage is what `go list -json` says of a package; its tests are not part of it and may import what they need.
type goPackage struct {
	ImportPath    string
	Imports, Deps []string
}

func TestImportDirection(t *testing.T) {
	packages, err := list()
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages only", len(packages))
	}
	for _, text := range violations(packages) {
		t.Error(text)
	}
}

// A rule whose pattern is misspelt would hold for ever.
func TestEveryRuleIsAboutSomething(t *testing.T) {
	packages, err := list()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		for _, pattern := range slices.Concat(r.from, r.except) {
			if !slices.ContainsFunc(packages, func(p goPackage) bool { return match(pattern, p.ImportPath) }) {
				t.Errorf("no package matches %q in the rule: %s", pattern, r.why)
			}
		}
	}
}

func TestViolationsAreFound(t *testing.T) {
	for _, p := range []goPackage{
		{ImportPath: module + "plotting", Imports: []string{"fmt"}, Deps: []string{"github.com/gomlx/gomlx/core/graph"}},
		{ImportPath: module + "mtl", Imports: []string{module + "plotting/notebook"}},
		{ImportPath: module + "mtl/arch", Imports: []string{module + "backend"}},
		{ImportPath: module + "datasets/digits", Imports: []string{"github.com/gomlx/go-xla/pjrt"}},
		{ImportPath: module + "cmd/gomtl", Imports: []string{"github.com/janpfeifer/gonb/gonbui"}},
		{ImportPath: module + "mtl", Imports: []string{"github.com/gomlx/compute/gobackend"}},
		{ImportPath: module + "mtl/study", Deps: []string{"github.com/gomlx/gomlx/core/graph"}},
		{ImportPath: module + "plotting", Imports: []string{module + "mtl/sweep"}},
		{ImportPath: module + "tracking", Deps: []string{module + "mtl"}},
		{ImportPath: module + "datasets/wav", Deps: []string{"github.com/gomlx/gomlx/core/tensors"}},
		{ImportPath: module + "datasets/coco", Deps: []string{module + "mtl"}},
	} {
		if found := violations([]goPackage{p}); len(found) != 1 {
			t.Errorf("%v: %d violations were found, want 1: %q", p, len(found), found)
		}
	}
	fine := goPackage{ImportPath: module + "mtl/historybook", Deps: []string{"github.com/gomlx/gomlx/core/graph"}}
	if found := violations([]goPackage{fine}); len(found) != 0 {
		t.Errorf("%v: %q", fine, found)
	}
}

// list returns the packages of this module.
func list() ([]goPackage, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", module+"...")
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, complaint.String())
	}
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}

// violations lists what breaks a rule, a sentence each.
func violations(packages []goPackage) (found []string) {
	for _, p := range packages {
		for _, r := range rules {
			if !matchAny(r.from, p.ImportPath) || matchAny(r.except, p.ImportPath) {
				continue
			}
			imports := p.Imports
			if r.through {
				imports = p.Deps
			}
			for _, i := range imports {
				if matchAny(r.not, i) {
					found = append(found, fmt.Sprintf("%s imports %s: %s", p.ImportPath, i, r.why))
				}
			}
		}
	}
	return found
}

func matchAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return match(pattern, path) })
}

func match(pattern, path string) bool {
	if first, _, _ := strings.Cut(pattern, "/"); !strings.Contains(first, ".") || pattern == "..." {
		pattern = module + pattern
	}
	tree, isTree := strings.CutSuffix(pattern, "/...")
	return path == tree || isTree && strings.HasPrefix(path, tree+"/")
}
