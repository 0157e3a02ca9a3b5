package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gomlx/compute"
	"github.com/gomtl/gomtl/internal/cache"
)

// KernelName names the kernel in a notebook's metadata; Jupyter shows it as "Go (gomtl)".
const KernelName = "gomtl"

// kernelSpec is Jupyter's kernel.json.
type kernelSpec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
}

// kernelStep makes GoNB known to the virtual environment's Jupyter.
func (l layout) kernelStep() Step {
	path := filepath.Join(l.kernel(), "kernel.json")
	return Step{
		Name: "notebook kernel",
		Check: func(ctx context.Context) (Found, error) {
			want, err := l.kernelSpec(ctx)
			if err != nil {
				return Found{}, err
			}
			got, err := os.ReadFile(path)
			if err != nil {
				return Found{}, err
			}
			if !bytes.Equal(got, want) {
				return Found{}, fmt.Errorf("%s is not up to date", path)
			}
			return Found{Path: path, Version: "Go (gomtl)"}, nil
		},
		Do: func(ctx context.Context) error {
			spec, err := l.kernelSpec(ctx)
			if err != nil {
				return err
			}
			return errors.Join(os.MkdirAll(l.kernel(), 0o755), cache.WriteFile(path, spec, 0o644))
		},
	}
}

func (l layout) kernelSpec(ctx context.Context) ([]byte, error) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return nil, err
	}
	backend := "go"
	_, noCompiler := l.compilerStep().Check(ctx)
	plugin, noPlugin := usablePlugin()
	if noCompiler == nil && noPlugin == nil {
		backend = "xla:" + plugin.Path
	}
	env := map[string]string{
		"GOMTL_BACKEND":         backend,
		"GOMLX_NO_AUTO_INSTALL": "1",
		cache.HomeEnv:           l.home,
		"PATH":                  l.goTools() + ":" + l.gopls() + ":" + filepath.Dir(goCommand) + ":${PATH}",
	}
	maps.Copy(env, l.ownCompiler())
	return json.MarshalIndent(kernelSpec{
		// Jupyter lets env win over the user's environment; the shell gives the user's own choice of a backend its right back.
		Argv: []string{
			"/bin/sh", "-c", compute.ConfigEnvVar + `="${` + compute.ConfigEnvVar + `:-$GOMTL_BACKEND}" exec "$0" "$@"`,
			filepath.Join(l.goTools(), "gonb"), "--kernel", "{connection_file}",
		},
		DisplayName:   "Go (gomtl)",
		Language:      "go",
		InterruptMode: "message",
		Env:           env,
	}, "", "  ")
}
