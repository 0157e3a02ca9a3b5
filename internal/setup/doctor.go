package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/internal/programs"
)

// Part is what the doctor says about one part of the set-up.
type Part struct {
	Name     string `json:"name"`
	OK       bool   `json:"ok"`
	Optional bool   `json:"optional,omitempty"` // notebooks run without it
	Path     string `json:"path,omitempty"`
	Version  string `json:"version,omitempty"`
	Error    string `json:"error,omitempty"`
	Mend     string `json:"mend,omitempty"` // the one command, or advice, that brings it back
}

// mend is the command for everything that a set-up can bring.
const mend = "go run github.com/gomtl/gomtl/cmd/gomtl setup"

// Examine checks each part of the set-up, then really compiles and runs a graph on the backend and really starts the kernel.
func Examine(ctx context.Context) ([]Part, error) {
	l, err := newLayout()
	if err != nil {
		return nil, err
	}
	steps, err := ForLab()
	if err != nil {
		return nil, err
	}
	trials := []Step{
		{Name: "cache folder", Mend: "chmod o-w on that folder, or " + cache.HomeEnv + " set to another", Check: l.checkHome},
		{Name: "Python packages as installed", Mend: "rm -r " + l.venv() + " && " + mend, Check: l.checkPackages},
		{Name: "XLA runs a graph", Mend: mend, Check: tryBackend},
		{Name: "compiled programs", Optional: true, Mend: programs.Env + " set to a folder that you can write", Check: keptPrograms},
		{Name: "the kernel runs a cell", Mend: mend, Check: l.tryKernel},
	}
	var parts []Part
	for _, s := range append(steps, trials...) {
		found, err := s.Check(ctx)
		part := Part{Name: s.Name, OK: err == nil, Optional: s.Optional, Path: found.Path, Version: found.Version}
		if err != nil {
			part.Error, part.Mend = err.Error(), s.Mend
			if part.Mend == "" {
				part.Mend = mend
			}
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// checkHome looks at who may change what gomtl installs and runs.
func (l layout) checkHome(context.Context) (Found, error) {
	return Found{Path: l.home, Version: "not open to every user"}, exposure(l.home)
}

// exposure is an error where every user can change what is in gomtl's folder, or will be.
func exposure(home string) error {
	for {
		if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		home = filepath.Dir(home)
	}
	if at := cache.OpenToAll(home); at != "" {
		return fmt.Errorf("every user can change %s, and with it the programs that gomtl runs", at)
	}
	return nil
}

// tryBackend starts the backend that a run would use, and compiles and runs a graph on it. It installs
// nothing, and neither loads the graph from the kept programs nor adds it to them.
func tryBackend(ctx context.Context) (found Found, err error) {
	chosen, set := os.LookupEnv(programs.Env)
	if err := os.Setenv(programs.Env, "off"); err != nil {
		return Found{}, err
	}
	defer func() {
		if set {
			err = errors.Join(err, os.Setenv(programs.Env, chosen))
		} else {
			err = errors.Join(err, os.Unsetenv(programs.Env))
		}
	}()
	plugin, err := usablePlugin()
	if err == nil {
		err = backend.Verify(plugin.Path)
	}
	if err != nil {
		return Found{}, err
	}
	b, err := backend.Installed(ctx)
	if err != nil {
		return Found{}, err
	}
	defer b.Finalize()
	product, err := graph.CallOnce(b, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(graph.Mul(x, x)) }, []float32{1, 2, 3})
	if err != nil {
		return Found{}, err
	}
	if got := tensors.ToScalar[float32](product); got != 14 {
		return Found{}, fmt.Errorf("1² + 2² + 3² came out as %v", got)
	}
	info := backend.Inspect(b)
	return Found{Path: info.Plugin, Version: fmt.Sprintf("%s, PJRT API %s, %d device(s)", info.Backend, info.PJRT, info.Devices)}, nil
}

// keptPrograms says what the folder of compiled programs holds, and whether it can be used.
func keptPrograms(context.Context) (Found, error) {
	store, err := programs.FromEnvironment()
	if err != nil {
		return Found{}, err
	}
	if store == nil {
		return Found{Path: programs.Env + "=off", Version: "not kept, each process compiles"}, nil
	}
	if err := store.Usable(); err != nil {
		return Found{}, err
	}
	usage, err := store.Usage()
	return Found{Path: store.Dir(), Version: usage}, err
}

// tryKernel executes a notebook of one cell.
func (l layout) tryKernel(ctx context.Context) (found Found, err error) {
	work, err := os.MkdirTemp(l.home, cache.TempPrefix)
	if err != nil {
		return Found{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	type cell map[string]any
	notebook, err := json.Marshal(map[string]any{
		"nbformat": 4, "nbformat_minor": 5, "metadata": cell{},
		"cells": []cell{{
			"id": "try", "cell_type": "code", "metadata": cell{}, "outputs": []cell{}, "execution_count": nil,
			"source": "%%\nfmt.Println(runtime.Version())",
		}},
	})
	if err != nil {
		return Found{}, err
	}
	source := filepath.Join(work, "try.ipynb")
	if err := os.WriteFile(source, notebook, 0o644); err != nil {
		return Found{}, err
	}
	result, err := Execute(ctx, source, filepath.Join(work, "out"))
	if err != nil {
		return Found{}, err
	}
	version, err := printed(result.Notebook)
	if err != nil {
		return Found{}, err
	}
	return Found{Path: l.kernel(), Version: version}, nil
}

// printed returns what the cells of an executed notebook printed.
func printed(notebook string) (string, error) {
	data, err := os.ReadFile(notebook)
	if err != nil {
		return "", err
	}
	var executed struct {
		Cells []struct {
			Outputs []struct{ Text []string }
		}
	}
	if err := json.Unmarshal(data, &executed); err != nil {
		return "", err
	}
	var text strings.Builder
	for _, c := range executed.Cells {
		for _, o := range c.Outputs {
			text.WriteString(strings.Join(o.Text, ""))
		}
	}
	if text.Len() == 0 {
		return "", errors.New("the cell printed nothing")
	}
	return strings.TrimSpace(text.String()), nil
}
