package setup_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/internal/setup"
	"github.com/gomtl/gomtl/mtl/history"
)

// TestEndToEnd sets up a fresh cache folder over the network, killing the set-up a few times, then works without network. It
// takes minutes and runs where GOMTL_E2E=1 asks for it.
func TestEndToEnd(t *testing.T) {
	if os.Getenv("GOMTL_E2E") != "1" {
		t.Skip("GOMTL_E2E is not 1")
	}
	t.Setenv(cache.HomeEnv, t.TempDir())
	t.Setenv("GOMLX_BACKEND", "")
	program := filepath.Join(t.TempDir(), "gomtl")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/gomtl/gomtl/cmd/gomtl").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, after := range []time.Duration{time.Second, 3 * time.Second, 9 * time.Second} {
		cmd := exec.Command(program, "setup")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		t.Logf("killed after %v: %v", after, cmd.Wait())
	}
	start := time.Now()
	first, second := exec.Command(program, "setup"), exec.Command(program, "setup")
	first.Stderr, second.Stderr = os.Stderr, os.Stderr
	if err := errors.Join(first.Start(), second.Start()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Wait(), second.Wait()); err != nil {
		t.Fatalf("two set-ups at once: %v", err)
	}
	t.Logf("set-up: %.0f s", time.Since(start).Seconds())

	online := os.Environ()
	for _, proxy := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(proxy, "http://127.0.0.1:1")
	}
	t.Setenv("GOPROXY", "off")
	start = time.Now()
	if out, err := exec.Command(program, "setup").CombinedOutput(); err != nil || strings.Count(string(out), "\n") != 1 {
		t.Errorf("the second set-up did something: %v\n%s", err, out)
	}
	t.Logf("second set-up: %.1f s", time.Since(start).Seconds())

	t.Run("doctor", func(t *testing.T) {
		parts, err := setup.Examine(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			if !p.OK {
				t.Errorf("%s: %s", p.Name, p.Error)
			}
		}
	})
	t.Run("notebook", notebook)
	t.Run("failing cells", failingCells)
	t.Run("loud cells", loudCells)
	t.Run("interrupt", interrupt)
	t.Run("damaged plugin", func(t *testing.T) { damagedPlugin(t, program, online) })
}

// interrupt checks that the running cell is told, and that its last words are kept.
func interrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := t.TempDir()
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(out, "runs", "started")); err == nil {
				cancel()
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	result, err := setup.Execute(ctx, "testdata/slow.ipynb", out)
	if !errors.Is(err, setup.ErrInterrupted) {
		t.Errorf("want ErrInterrupted, got %v", err)
	}
	if executed := read(t, result.Notebook); !strings.Contains(executed, "saved\\n") {
		t.Errorf("the cell's last words are lost: %s", executed)
	}
}

// damagedPlugin checks that the doctor names a broken file, and that the command it gives mends it.
func damagedPlugin(t *testing.T, program string, online []string) {
	plugins, err := backend.Plugins()
	if err != nil || len(plugins) == 0 {
		t.Fatalf("no plugin: %v", err)
	}
	if err := os.Truncate(plugins[0].Path, 1000); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "doctor", "-json").Output()
	if err == nil {
		t.Error("the doctor is content with a truncated plugin")
	}
	var parts []setup.Part
	if err := json.Unmarshal(out, &parts); err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if strings.HasPrefix(p.Name, "XLA") && (p.OK || !strings.Contains(p.Error, "damaged") || !strings.HasSuffix(p.Mend, "gomtl setup")) {
			t.Errorf("want the damaged plugin named and the command that mends it, got %+v", p)
		}
	}
	mend := exec.Command(program, "setup")
	mend.Env = online
	if out, err := mend.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := backend.Verify(plugins[0].Path); err != nil {
		t.Error(err)
	}
}

// notebook checks the page, the runs and the outputs of a whole execution without network.
func notebook(t *testing.T) {
	out := t.TempDir()
	result, err := setup.Execute(t.Context(), "testdata/smoke.ipynb", out)
	if err != nil {
		t.Fatal(err)
	}
	executed := read(t, result.Notebook)
	if !strings.Contains(executed, "float32(6)") {
		t.Errorf("the graph's result is missing in %s", executed)
	}
	page := read(t, result.HTML)
	if loads := regexp.MustCompile(`(?i)<script|<link|@import|(src|href)=["']?(https?:)?//|url\(["']?(https?:)?//`).FindAllString(page, -1); loads != nil {
		t.Errorf("the page loads from the network: %q", loads)
	}
	if !strings.Contains(page, "<math") || !strings.Contains(page, "data:image/svg+xml;base64") {
		t.Error("the page lacks its formula or its picture")
	}
	run, err := history.Load(filepath.Join(result.Runs, "both"))
	if err != nil || len(run.Records) != 1 {
		t.Errorf("want the run that the notebook wrote, got %v, %v", run, err)
	}
}

func failingCells(t *testing.T) {
	for name, want := range map[string]setup.CellError{
		"compile-error": {Cell: 2, Line: 3, Source: "x := 3 + undefinedThing", Text: "undefined: undefinedThing"},
		"panic":         {Cell: 2, Line: 3, Source: "fmt.Println(a[3])", Text: "index out of range [3]"},
		"fatal":         {Cell: 1, Text: "task left: NaN at step 3"},
	} {
		result, err := setup.Execute(t.Context(), filepath.Join("testdata", name+".ipynb"), t.TempDir())
		var failed *setup.CellError
		if !errors.As(err, &failed) {
			t.Errorf("%s: want a CellError, got %v", name, err)
			continue
		}
		if failed.Cell != want.Cell || failed.Line != want.Line || failed.Source != want.Source || !strings.Contains(failed.Text, want.Text) {
			t.Errorf("%s: want %+v, got %+v", name, want, *failed)
		}
		if name != "fatal" && !strings.Contains(read(t, result.Notebook), "first\\n") {
			t.Errorf("%s: what ran before is lost", name)
		}
	}
}

// loudCells checks that a cell which prints 20 MB, one that leaves a program behind and one that fails with 20 MB of text end, and what is kept of them.
func loudCells(t *testing.T) {
	result, err := setup.Execute(t.Context(), "testdata/loud.ipynb", t.TempDir())
	var failed *setup.CellError
	if !errors.As(err, &failed) || failed.Cell != 3 || !strings.Contains(failed.Text, "panic: why") || len(failed.Text) > 30_000 {
		t.Errorf("the error is %.2000v", err)
	}
	executed := read(t, result.Notebook)
	for _, want := range []string{"the first line", "the last line", "are left out: a cell keeps 1,000,000"} {
		if !strings.Contains(executed, want) {
			t.Errorf("the notebook lacks %q", want)
		}
	}
	if notes := regexp.MustCompile(`1[89],\d{3},\d{3} characters are left out`).FindAllString(executed, -1); len(notes) != 2 {
		t.Errorf("the notebook says %q; wanted what two cells lack of 20 MB each", notes)
	}
	for _, path := range []string{result.Notebook, result.HTML} {
		if size := len(read(t, path)); size > 5_000_000 {
			t.Errorf("%s has %d bytes", path, size)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
