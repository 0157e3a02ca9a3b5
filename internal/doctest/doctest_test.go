// Package doctest compiles and runs the Go code of the documentation.
//
// A block that is fenced with ```go is a whole file. With a path after the word go it is that file of the repository: it is
// compiled in place, and its tests are run. Without one it is a program of its own: it is compiled and run in an empty folder.
package doctest

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// quickLink leaves out what only debuggers read: half of the time that linking takes.
const quickLink = "-ldflags=-s -w"

// block is one block of code of a page.
type block struct {
	page string
	line int
	path string // in the repository
	code string
}

var fence = regexp.MustCompile("(?ms)^```go[ \t]*(\\S*)\n(.*?)^```")

func TestDocumentation(t *testing.T) {
	blocks := readPages(t)
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	writeOverlay(t, overlay, blocks)
	packages := map[string][]block{}
	var folders []string
	for _, b := range blocks {
		folder := filepath.Dir(b.path)
		if packages[folder] == nil {
			folders = append(folders, folder)
		}
		packages[folder] = append(packages[folder], b)
	}
	for _, folder := range folders {
		first := packages[folder][0]
		t.Run(fmt.Sprintf("%s:%d", first.page, first.line), func(t *testing.T) {
			if parse(t, first).Name.Name == "main" {
				runProgram(t, overlay, folder)
				return
			}
			runTests(t, overlay, folder, packages[folder])
		})
	}
}

// readPages returns the blocks of all pages, each with a path.
func readPages(t *testing.T) (blocks []block) {
	t.Helper()
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "*/README.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range fence.FindAllSubmatchIndex(data, -1) {
			b := block{
				page: filepath.ToSlash(strings.TrimPrefix(page, root+"/")),
				line: 2 + strings.Count(string(data[:at[0]]), "\n"),
				path: string(data[at[2]:at[3]]),
				code: string(data[at[4]:at[5]]),
			}
			if b.path == "" {
				b.path = fmt.Sprintf("internal/doctest/program%d/main.go", len(blocks))
			}
			blocks = append(blocks, b)
		}
	}
	if len(blocks) == 0 {
		t.Fatal("no page has Go code: the pattern of this test must be wrong")
	}
	return blocks
}

// writeOverlay makes the blocks files of the repository, as far as the Go command is concerned.
func writeOverlay(t *testing.T, path string, blocks []block) {
	t.Helper()
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for i, b := range blocks {
		there := filepath.Join(absolute, b.path)
		if _, err := os.Stat(there); err == nil {
			t.Errorf("%s:%d: %s is a file of the repository already", b.page, b.line, b.path)
		}
		file := filepath.Join(filepath.Dir(path), fmt.Sprintf("block%d.go", i))
		// The line directive makes the compiler speak of the page.
		code := fmt.Sprintf("//line %s:%d\n%s", filepath.Join(absolute, b.page), b.line, b.code)
		if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[there] = file
	}
	data, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// runProgram builds the package in folder and runs it where it can write.
func runProgram(t *testing.T, overlay, folder string) {
	t.Helper()
	work := t.TempDir()
	program := filepath.Join(t.TempDir(), "program")
	goCommand(t, "build", quickLink, "-overlay", overlay, "-o", program, "./"+folder)
	cmd := exec.Command(program)
	cmd.Dir = work
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// runTests compiles the package in folder with its tests, and runs the tests that the blocks declare.
func runTests(t *testing.T, overlay, folder string, blocks []block) {
	t.Helper()
	var names []string
	for _, b := range blocks {
		for _, d := range parse(t, b).Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
	}
	program := filepath.Join(t.TempDir(), "tests")
	// Vet would look for the folder, which may not be there.
	goCommand(t, "test", "-c", "-vet=off", quickLink, "-overlay", overlay, "-o", program, "./"+folder)
	cmd := exec.Command(program, "-test.v", "-test.run", "^("+strings.Join(names, "|")+")$")
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range names {
		if !strings.Contains(string(out), "--- PASS: "+name) {
			t.Errorf("%s did not pass:\n%s", name, out)
		}
	}
}

func parse(t *testing.T, b block) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), b.path, b.code, parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("%s:%d: a block of Go is a whole file, from its package clause on: %v", b.page, b.line, err)
	}
	if formatted, err := format.Source([]byte(b.code)); err != nil || string(formatted) != b.code {
		t.Errorf("%s:%d: the code is not formatted as gofmt does it (%v)", b.page, b.line, err)
	}
	return file
}

// goCommand runs the Go command in the repository.
func goCommand(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", args[0], err, out)
	}
}
