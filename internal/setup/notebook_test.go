package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// installed is the layout of the user's set-up, for tests that need its Python. TestEndToEnd makes
// one and runs them all.
func installed(t *testing.T) layout {
	t.Helper()
	l, err := newLayout()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(l.python()); err != nil {
		t.Skip("the notebooks' Python is not set up")
	}
	return l
}

func TestEachLine(t *testing.T) {
	long := strings.Repeat("x", 5*longestLine)
	for text, want := range map[string][]string{
		"":                        nil,
		"one":                     {"one"},
		"one\r\n\ntwo\n":          {"one", "", "two"},
		long + "\nafter\n" + long: {long[:longestLine], "after", long[:longestLine]},
	} {
		var got []string
		eachLine(strings.NewReader(text), func(line string) { got = append(got, line) })
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d bytes became %d lines; wanted %d", len(text), len(got), len(want))
		}
	}
}

// An executor that says more in a line than any buffer holds is heard to its end.
func TestWatchNeverWaits(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	script := `head -c 40000000 /dev/zero | tr '\0' z; echo; echo '{"event":"error","cell":3,"error":"why"}'; exit 1`
	done := make(chan error, 1)
	go func() { done <- watch(t.Context(), exec.Command("sh", "-c", script), "loud", log) }()
	select {
	case err := <-done:
		var failed *CellError
		if !errors.As(err, &failed) || failed.Cell != 3 || failed.Text != "why" {
			t.Errorf("the error is %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it waits for ever")
	}
}

// A program that the executor left behind, and that holds its output, is not waited for.
func TestWatchLeavesOrphans(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `sleep 30 & echo '{"event":"error","cell":1,"error":"why"}'; exit 1`)
	cmd.WaitDelay = 200 * time.Millisecond
	started := time.Now()
	err := watch(t.Context(), cmd, "orphan.ipynb", os.DevNull)
	var failed *CellError
	if took := time.Since(started); !errors.As(err, &failed) || failed.Text != "why" || took > 20*time.Second {
		t.Errorf("after %v the error is %v", took, err)
	}
}

// What is no notebook is told in a sentence.
func TestInvalidNotebooks(t *testing.T) {
	installed(t)
	dir := t.TempDir()
	for content, want := range map[string]string{
		`{"cells":[`: "it is not JSON: Expecting value: line 1 column 11",
		"":           "it is empty",
		"[1,2,3]":    "it has no list of cells",
		"\xff\xfe{}": "it is not JSON: 'utf-8' codec can't decode",
		`{"cells":[],"metadata":{},"nbformat":9,"nbformat_minor":0}`: "its nbformat is 9; want 4",
		`{"cells":[],"metadata":{}}`:                                 "its nbformat is null; want 4",
		`{"cells":[{"cell_type":"poem","source":"x","metadata":{}}],"metadata":{},"nbformat":4,"nbformat_minor":4}`: "'poem'",
	} {
		path := filepath.Join(dir, "my note ü.ipynb")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Execute(t.Context(), path, filepath.Join(dir, "out dir"))
		if err == nil || !strings.Contains(err.Error(), path+" is not a notebook that can be executed: ") || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "Traceback") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: the error is %v; wanted %q", content, err, want)
		}
	}
}

// The page of a notebook whose cells of text are full of scripts runs none of them, and keeps
// ordinary HTML, pictures, tables and formulas.
func TestPageRunsNoScript(t *testing.T) {
	l := installed(t)
	script, err := l.writeExecutor()
	if err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(t.TempDir(), "page.html")
	program := "import sys, nbformat\nfrom page import export\nexport(nbformat.read(sys.argv[1], as_version=4), sys.argv[2], '.')"
	cmd := l.isolated(command(context.Background(), l.python(), "-c", program, "testdata/hostile.ipynb", page))
	cmd.Env = append(cmd.Env, "PYTHONPATH="+filepath.Dir(script))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file, err := os.Open(page)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	html := string(data)
	tags := regexp.MustCompile(`<[a-zA-Z/!](?:"[^"]*"|'[^']*'|[^'">])*>`).FindAllString(html[strings.Index(html, "<body"):], -1)
	bad := regexp.MustCompile(`(?i)^</?(script|iframe|object|embed|svg|style|link|meta|base|form|button|noscript|mglyph)\b`)
	attributes := regexp.MustCompile(`\s([\w:-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)`) // in turn, so that none is found in a value
	for _, tag := range tags {
		if bad.MatchString(tag) {
			t.Errorf("the page has %s", tag)
		}
		for _, a := range attributes.FindAllStringSubmatch(tag, -1) {
			value := strings.ToLower(strings.Trim(a[2], `"'`))
			if strings.HasPrefix(strings.ToLower(a[1]), "on") || strings.Contains(value, "script:") || strings.Contains(value, "url(") ||
				strings.HasPrefix(value, "data:") && !strings.HasPrefix(value, "data:image/png") {
				t.Errorf("the page has %s", tag)
			}
		}
	}
	for _, want := range []string{
		"Ordinary <sub>H</sub>2O &amp; maths", "<mi>α</mi>", "<munderover>", "<mtable>", `<th style="text-align:right;">b</th>`, "<strong>2</strong>",
		`<details open=""><summary>More</summary>Text with <kbd>Ctrl</kbd> and <span style="color: red;">red</span></details>`,
		`src="data:image/png;base64,iVBOR`, `<a href="https://go.dev">good</a>`, `<a href="#anchor" title="t">here</a>`, "<em>kept</em>", "&lt;script&gt;in code",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
