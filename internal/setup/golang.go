package setup

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/tools"
)

// goStep looks for the Go command, which runs in every notebook cell.
func goStep() Step {
	return Step{
		Name: "Go",
		Mend: "install Go " + strings.TrimPrefix(runtime.Version(), "go") + " or newer and put it on the PATH",
		Check: func(ctx context.Context) (Found, error) {
			path, err := exec.LookPath("go")
			if err != nil {
				return Found{}, err
			}
			version, err := output(command(ctx, path, "env", "GOVERSION"))
			return Found{path, version}, err
		},
	}
}

func goToolsID() string { return id(tools.Mod, tools.Sum) }

const (
	gonbPackage      = "github.com/janpfeifer/gonb"
	goimportsPackage = "golang.org/x/tools/cmd/goimports"
	goplsPackage     = "golang.org/x/tools/gopls"
)

// goToolsStep installs the GoNB kernel and goimports, which it calls for every cell.
func (l layout) goToolsStep() Step {
	return l.goInstall("GoNB kernel", l.goTools(), gonbPackage, goimportsPackage)
}

// goplsStep installs the Go language server, which completes code in JupyterLab.
func (l layout) goplsStep() Step {
	step := l.goInstall("code completion (gopls)", l.gopls(), goplsPackage)
	step.Optional = true
	return step
}

// goInstall builds the programs of packages, at the versions that tools pins, and puts them into dir in one step.
func (l layout) goInstall(name, dir string, packages ...string) Step {
	return Step{
		Name: name,
		Check: func(context.Context) (Found, error) {
			found := Found{Path: dir}
			for _, p := range packages {
				program := filepath.Join(dir, filepath.Base(p))
				info, err := buildinfo.ReadFile(program)
				if err == nil {
					err = pinnedProgram(info, p)
				}
				if err != nil {
					return Found{}, fmt.Errorf("%s: %w", program, err)
				}
				found.Version = strings.TrimSpace(found.Version + " " + filepath.Base(p) + " " + info.Main.Version)
			}
			return found, nil
		},
		Do: func(ctx context.Context) error {
			work, err := os.MkdirTemp(l.home, cache.TempPrefix)
			if err != nil {
				return err
			}
			defer os.RemoveAll(work)
			bin := filepath.Join(work, "bin")
			err = errors.Join(os.Mkdir(bin, 0o755),
				os.WriteFile(filepath.Join(work, "go.mod"), tools.Mod, 0o644),
				os.WriteFile(filepath.Join(work, "go.sum"), tools.Sum, 0o644))
			if err != nil {
				return err
			}
			if err := goCompile(ctx, "install", work, []string{"GOBIN=" + bin, "GOWORK=off"}, packages); err != nil {
				return err
			}
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			return os.Rename(bin, dir)
		},
	}
}

// pinnedProgram returns an error unless a program was built from the package, of the version of its module that tools pins, with the checksum that tools has for it.
func pinnedProgram(info *debug.BuildInfo, pack string) error {
	if info.Path != pack {
		return fmt.Errorf("wanted the program %s, got %s", pack, info.Path)
	}
	m := info.Main
	words := func(text []byte) string { return " " + strings.Join(strings.Fields(string(text)), " ") + " " }
	if !strings.Contains(words(tools.Mod), fmt.Sprintf(" %s %s ", m.Path, m.Version)) ||
		!strings.Contains(words(tools.Sum), fmt.Sprintf(" %s %s %s ", m.Path, m.Version, m.Sum)) {
		return fmt.Errorf("wanted the version that tools.mod and tools.sum pin, got %s %s %s", m.Path, m.Version, m.Sum)
	}
	return nil
}

// library lists what notebook cells link: building it fills Go's cache, so that the first cell does not wait for it.
var library = []string{
	"github.com/gomtl/gomtl/backend", "github.com/gomtl/gomtl/mtl/...",
	"github.com/gomtl/gomtl/plotting/...", "github.com/gomtl/gomtl/datasets/...",
}

// libraryStep compiles the library with GoMLX and XLA into Go's build cache.
func libraryStep() Step {
	return Step{
		Name: "gomtl with GoMLX and XLA",
		Mend: mend + ", in a clone of the repository or a module that requires gomtl",
		Check: func(ctx context.Context) (Found, error) {
			stale, err := stalePackages(ctx, ".", nil, library)
			if err != nil {
				return Found{}, fmt.Errorf("%w (gomtl works in a clone of its repository, or in a module that requires it)", err)
			}
			// A user's edits are compiled in the cell that uses them.
			foreign := 0
			for _, p := range stale {
				if !strings.HasPrefix(p, "github.com/gomtl/gomtl/") {
					foreign++
				}
			}
			if foreign > 0 {
				return Found{}, fmt.Errorf("%d packages are not compiled yet", foreign)
			}
			dir, err := output(command(ctx, "go", "env", "GOCACHE"))
			return Found{Path: dir}, err
		},
		Do: func(ctx context.Context) error {
			if err := goCompile(ctx, "build", ".", nil, library); err != nil {
				return err
			}
			// Listing what tests import downloads it: from here on they need no network.
			_, err := output(command(ctx, "go", "list", "-mod=readonly", "-e", "-test", "-deps", "./..."))
			return err
		},
	}
}

// goCompile runs `go build` or `go install` on packages in the folder dir and shows how many are compiled.
func goCompile(ctx context.Context, verb, dir string, env, packages []string) error {
	stale, err := stalePackages(ctx, dir, env, packages)
	if err != nil {
		return err
	}
	cache.Say("compiling %d packages", len(stale))
	counter := cache.NewCounter("compiling", len(stale))
	defer counter.Done()
	cmd := command(ctx, "go", append([]string{verb, "-mod=readonly", "-v"}, packages...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	return follow(cmd, counter.Add)
}

// stalePackages lists the packages that Go would have to compile, and downloads the source of those it does not have.
func stalePackages(ctx context.Context, dir string, env, packages []string) ([]string, error) {
	cmd := command(ctx, "go", append([]string{"list", "-mod=readonly", "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}"}, packages...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := output(cmd)
	return strings.Fields(out), err
}
