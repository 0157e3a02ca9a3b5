package setup

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/tools"
)

// part is a step whose result is a file.
func part(name, file string, do error) Step {
	return Step{
		Name:  name,
		Check: func(context.Context) (Found, error) { _, err := os.Stat(file); return Found{Path: file}, err },
		Do: func(context.Context) error {
			if do != nil {
				return do
			}
			return os.WriteFile(file, nil, 0o600)
		},
	}
}

func TestRunDoesWhatIsMissing(t *testing.T) {
	home := t.TempDir()
	t.Setenv(cache.HomeEnv, home)
	first, second := filepath.Join(home, "first"), filepath.Join(home, "second")
	if err := os.WriteFile(first, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	present := part("present", first, errors.New("a part that is there was made again"))
	steps := []Step{present, part("missing", second, nil)}
	for range 2 {
		if err := Run(t.Context(), steps); err != nil {
			t.Fatal(err)
		}
		steps[1].Do = func(context.Context) error { return errors.New("the second set-up worked again") }
	}

	failing := part("failing", filepath.Join(home, "never"), errors.New("disk full"))
	if err := Run(t.Context(), []Step{failing}); err == nil || !strings.Contains(err.Error(), "failing: disk full") {
		t.Errorf("want the failing step named, got %v", err)
	}
	failing.Optional = true
	if err := Run(t.Context(), []Step{failing, present}); err != nil {
		t.Errorf("an optional step stopped the set-up: %v", err)
	}
	failing.Do, failing.Optional, failing.Mend = nil, false, "install it"
	if err := Run(t.Context(), []Step{failing}); err == nil || !strings.Contains(err.Error(), "install it") {
		t.Errorf("want the advice, got %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped by hand")
	failing.Do = func(context.Context) error { cancel(stop); return errors.New("killed") }
	failing.Optional = true
	if err := Run(ctx, []Step{failing, present}); !errors.Is(err, stop) {
		t.Errorf("want the reason of the stop, got %v", err)
	}
}

func TestEverythingIsPinned(t *testing.T) {
	for _, want := range []string{"jupyterlab==4.6.6 ", "nbclient==0.11.0 ", "nbconvert==7.17.2 "} {
		if !strings.Contains(string(requirements), want) {
			t.Errorf("requirements.txt lacks %q", want)
		}
	}
	pinned := regexp.MustCompile(`(?m)^[a-z0-9-]+==\S+( ; [^\\]+)? \\\n    --hash=sha256:[0-9a-f]{64}`)
	packages := regexp.MustCompile(`(?m)^[a-z].*$`).FindAllString(string(requirements), -1)
	if n := len(pinned.FindAllString(string(requirements), -1)); n != len(packages) {
		t.Errorf("%d of %d Python packages are pinned by a hash", n, len(packages))
	}
	for _, want := range []string{"github.com/janpfeifer/gonb v0.11.5 ", "golang.org/x/tools/gopls v0.23.0 "} {
		if !strings.Contains(string(tools.Mod), want) {
			t.Errorf("tools.mod lacks %q", want)
		}
	}
}

// The kernel's environment names the installed plugin, but a user's GOMLX_BACKEND wins.
func TestKernelChoosesBackend(t *testing.T) {
	t.Setenv(cache.HomeEnv, t.TempDir())
	l, err := newLayout()
	if err != nil {
		t.Fatal(err)
	}
	data, err := l.kernelSpec(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var spec kernelSpec
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatal(err)
	}
	spec.Argv[3] = "/usr/bin/env"
	for chosen, want := range map[string]string{"": "the default", "go": "go"} {
		cmd := exec.Command(spec.Argv[0], spec.Argv[1], spec.Argv[2], spec.Argv[3])
		cmd.Env = []string{"GOMTL_BACKEND=the default", "GOMLX_BACKEND=" + chosen}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(out), "GOMLX_BACKEND="+want+"\n") {
			t.Errorf("GOMLX_BACKEND=%q: want %q in the kernel, got\n%s", chosen, want, out)
		}
	}
}

func TestCellErrorNamesThePlace(t *testing.T) {
	err := &CellError{Cell: 3, Line: 2, Source: "x := y", Text: "undefined: y"}
	if got, want := err.Error(), "cell 3, line 2: x := y\nundefined: y"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
	err.Line = 0
	if got, want := err.Error(), "cell 3\nundefined: y"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

func TestExecuteRefusesToOverwrite(t *testing.T) {
	t.Setenv(cache.HomeEnv, t.TempDir())
	notebook := filepath.Join(t.TempDir(), "mine.ipynb")
	if _, err := Execute(t.Context(), notebook, filepath.Dir(notebook)); err == nil || !strings.Contains(err.Error(), "choose another") {
		t.Errorf("want an error about the output folder, got %v", err)
	}
}
