package mtl

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomtl/gomtl/mtl/history"
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
		Weighting:       describeValue(o.Weighting, "equal"),
		Hyperparameters: f.given,
		Optimizer:       describeOptimizer(o),
		Frozen:          frozenPaths(f.compiled.store),
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

// describeValue prints a configuration struct as its type and fields.
func describeValue(v any, none string) string {
	if v == nil {
		return none
	}
	if text, ok := v.(fmt.Stringer); ok {
		return text.String()
	}
	value := reflect.Indirect(reflect.ValueOf(v))
	name := value.Type().Name()
	switch {
	case value.Kind() == reflect.Struct && value.NumField() == 0:
		return name
	case value.Kind() == reflect.Func:
		return value.Type().String()
	default:
		return name + strings.TrimPrefix(fmt.Sprintf("%+v", value.Interface()), "map")
	}
}

func describeOptimizer(o *FitOptions) string {
	text := strings.TrimPrefix(fmt.Sprintf("%T", o.Optimizer), "*optimizer.")
	if o.LearningRate > 0 {
		text += fmt.Sprintf(", learning rate %g", o.LearningRate)
	}
	if o.Schedule != nil {
		text += ", schedule " + describeValue(o.Schedule, "")
	}
	if o.ClipNorm > 0 {
		text += fmt.Sprintf(", gradient norm at most %g", o.ClipNorm)
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

// sameRun reports what keeps a run from being continued by this call: everything but the number of steps must agree.
func sameRun(saved, asked history.Run, dir string) error {
	names := func(r history.Run) (names []string) {
		for _, t := range r.Tasks {
			names = append(names, t.Name)
		}
		return names
	}
	differs := func(what string, a, b any) error {
		return fmt.Errorf("mtl: the run folder %s holds another run: its %s is %v, asked for is %v; choose another RunDir or delete this one", dir, what, a, b)
	}
	switch {
	case !slices.Equal(names(saved), names(asked)):
		return differs("list of tasks", names(saved), names(asked))
	case saved.Seed != asked.Seed:
		return differs("seed", saved.Seed, asked.Seed)
	case saved.BatchSize != asked.BatchSize:
		return differs("batch size", saved.BatchSize, asked.BatchSize)
	case saved.StepsPerEpoch != asked.StepsPerEpoch:
		return differs("number of steps per epoch", saved.StepsPerEpoch, asked.StepsPerEpoch)
	case saved.Weighting != asked.Weighting:
		return differs("weighting", saved.Weighting, asked.Weighting)
	case fmt.Sprint(saved.Hyperparameters) != fmt.Sprint(asked.Hyperparameters):
		return differs("set of hyper-parameters", saved.Hyperparameters, asked.Hyperparameters)
	case !slices.Equal(saved.Frozen, asked.Frozen):
		return differs("list of frozen paths", saved.Frozen, asked.Frozen)
	case saved.Optimizer != asked.Optimizer:
		return differs("optimiser", saved.Optimizer, asked.Optimizer)
	case asked.Steps < saved.Steps:
		return differs("number of steps", saved.Steps, asked.Steps)
	}
	return nil
}
