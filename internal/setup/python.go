package setup

import (
	"bytes"
	"context"
	_ "embed" // for the lock file
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/internal/wheel"
)

// requirements pins JupyterLab and all it needs, each file by its SHA-256. It is made from requirements.in:
//
//	uv pip compile --universal --python-version 3.10 --generate-hashes --no-header --no-annotate requirements.in -o requirements.txt
//
//go:embed python/requirements.txt
var requirements []byte

// pip installs the requirements. It comes as a wheel because many systems ship Python without pip and without ensurepip.
var pip = wheel.Wheel{
	Package: "pip",
	Version: "26.3",
	File:    "pip-26.3-py3-none-any.whl",
	SHA256:  "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13",
}

func pythonID() string { return id(requirements, []byte(pip.SHA256)) }

// pythonStep looks for Python.
func pythonStep() Step {
	return Step{
		Name: "Python",
		Mend: "install Python 3.10 or newer and put python3 on the PATH",
		Check: func(ctx context.Context) (Found, error) {
			path, err := exec.LookPath("python3")
			if err != nil {
				return Found{}, err
			}
			version, err := output(command(ctx, path, "-c", `import sys, venv
assert sys.version_info >= (3, 10), "want Python 3.10 or newer, got " + sys.version
print("%d.%d.%d" % sys.version_info[:3])`))
			return Found{path, version}, err
		},
	}
}

// venvStamp is written last: a virtual environment without it is not finished.
const venvStamp = ".gomtl-complete"

// packagesStep installs JupyterLab into a virtual environment of its own.
func (l layout) packagesStep() Step {
	return Step{
		Name: "JupyterLab",
		Check: func(ctx context.Context) (Found, error) {
			stamp, err := os.ReadFile(filepath.Join(l.venv(), venvStamp))
			if err != nil {
				return Found{}, err
			}
			// A system upgrade can take away the Python that the environment stands on.
			if _, err := output(l.isolated(command(ctx, l.python(), "-c", "import zmq"))); err != nil {
				return Found{}, err
			}
			return Found{Path: l.venv(), Version: string(stamp)}, nil
		},
		Do: l.installPackages,
	}
}

func (l layout) installPackages(ctx context.Context) error {
	if err := os.RemoveAll(l.venv()); err != nil {
		return err
	}
	if _, err := output(l.isolated(command(ctx, "python3", "-m", "venv", "--without-pip", l.venv()))); err != nil {
		return err
	}
	archive := filepath.Join(l.venv(), pip.File)
	lock := filepath.Join(l.venv(), "requirements.txt")
	if err := pip.Fetch(ctx, archive); err != nil {
		return err
	}
	if err := os.WriteFile(lock, requirements, 0o644); err != nil {
		return err
	}
	total := bytes.Count(requirements, []byte("=="))
	cache.Say("downloading and installing about %d Python packages (60 MB)", total)
	counter := cache.NewCounter("Python packages", total)
	defer counter.Done()
	cmd := l.isolated(command(ctx, l.python(), filepath.Join(archive, "pip"), "install", "--require-hashes", "--no-deps",
		"--only-binary", ":all:", "--no-cache-dir", "--no-compile", "--disable-pip-version-check", "--progress-bar", "off", "-r", lock))
	err := follow(cmd, func(line string) {
		if name, ok := strings.CutPrefix(line, "Collecting "); ok {
			name, _, _ = strings.Cut(name, " ")
			counter.Add(name)
		}
	})
	if err != nil {
		return err
	}
	version, err := output(l.isolated(command(ctx, l.python(), "-c", `from importlib.metadata import version
print(", ".join(p + " " + version(p) for p in ("jupyterlab", "nbclient", "nbconvert")))`)))
	if err != nil {
		return fmt.Errorf("the installed Python packages do not work: %w", err)
	}
	return errors.Join(os.Remove(archive), cache.WriteFile(filepath.Join(l.venv(), venvStamp), []byte(version), 0o644))
}

// isolated keeps a Python program of the virtual environment away from the user's other Python and Jupyter folders.
func (l layout) isolated(cmd *exec.Cmd) *exec.Cmd {
	for _, variable := range os.Environ() {
		switch name, _, _ := strings.Cut(variable, "="); name {
		case "PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_REQUIRE_VIRTUALENV",
			"JUPYTER_PATH", "JUPYTER_CONFIG_PATH":
		default:
			cmd.Env = append(cmd.Env, variable)
		}
	}
	jupyter := filepath.Join(l.home, "jupyter")
	cmd.Env = append(cmd.Env, "PYTHONNOUSERSITE=1",
		"JUPYTER_CONFIG_DIR="+filepath.Join(jupyter, "config"),
		"JUPYTER_DATA_DIR="+filepath.Join(jupyter, "data"),
		"JUPYTER_RUNTIME_DIR="+filepath.Join(jupyter, "runtime"),
		"IPYTHONDIR="+filepath.Join(jupyter, "ipython"))
	return cmd
}
