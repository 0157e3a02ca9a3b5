package mtl

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/internal/describe"
)

// describe fills in run.json.
func (f *fit) describe() history.Run {
	o := &f.options
	run := history.Run{
		Name:            "run",
		Created:         time.Now(),
		Tasks:           DescribeTasks(f.model.Tasks),
		Seed:            o.Seed,
		Steps:           o.Steps,
		StepsPerEpoch:   f.compiled.executor.compiler.stepsPerEpoch,
		BatchSize:       o.BatchSize,
		Weighting:       describeWeighting(o.Weighting),
		Hyperparameters: f.given,
		Optimizer:       describeOptimizer(o),
		Frozen:          frozenPaths(f.compiled.store),
		Training:        f.training(),
		Quantities:      f.compiled.quantities(),
		Backend:         describeBackend(o.Backend),
		Execution:       f.compiled.executor.why,
		Versions:        versions(),
		Config:          o.Config,
	}
	if o.RunDir != "" {
		run.Name = filepath.Base(o.RunDir)
	}
	return run
}

// describeBackend names backend, plugin file, PJRT API version and device. The home folder is written ~, as a run may be shown to others.
func describeBackend(b compute.Backend) string {
	text := b.Description()
	// go-xla puts its configuration, which is the plugin's path again, before the plugin's own description.
	if _, plugin, found := strings.Cut(text, " - "); found {
		text = b.Name() + ", " + plugin
	}
	text += " on " + b.DeviceDescription(0)
	if home, err := os.UserHomeDir(); err == nil && len(home) > 1 {
		text = strings.ReplaceAll(text, home+string(filepath.Separator), "~"+string(filepath.Separator))
	}
	return text
}

// DescribeTasks is what run.json says of tasks.
func DescribeTasks(tasks []Task) []history.Task {
	described := make([]history.Task, len(tasks))
	for i, t := range tasks {
		described[i] = history.Task{Name: t.Name, Kind: string(t.Kind), Classes: t.Classes}
		for _, metric := range t.Metrics {
			described[i].Metrics = append(described[i].Metrics, history.Metric{Name: metric.Name(), HigherIsBetter: metric.HigherIsBetter()})
		}
	}
	return described
}

func describeOptimizer(o *FitOptions) string {
	text := describeRate(*o)
	if o.Schedule != nil {
		text += ", schedule " + describe.Value(o.Schedule)
	}
	return text
}

// versions lists what numbers depend on.
func versions() map[string]string {
	v := map[string]string{"go": runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if strings.HasPrefix(module.Path, "github.com/gomlx/") || module.Path == "github.com/gomtl/gomtl" {
				v[module.Path] = module.Version
			}
		}
	}
	return v
}
