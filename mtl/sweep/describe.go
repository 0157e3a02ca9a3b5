package sweep

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
)

// describe is the study before its first trial.
func (s *sweep) describe() *study.Study {
	o := &s.options
	described := &study.Study{
		Name: o.Name, Created: time.Now(), Tasks: mtl.DescribeTasks(s.model.Tasks), Objectives: o.Objectives,
		Split: history.Validation, Reference: o.Reference,
	}
	if described.Name == "" {
		described.Name = "sweep"
		if o.Dir != "" {
			described.Name = filepath.Base(o.Dir)
		}
	}
	if s.data.Validation == nil {
		described.Split = history.Train
	}
	if described.Objectives == nil {
		described.Objectives = study.Objectives(described.Tasks)
		for i := range described.Objectives {
			if s.data.Validation == nil { // training records have losses only
				described.Objectives[i] = study.Objective{Task: described.Objectives[i].Task}
			}
		}
	}
	f := &o.Fit
	described.Fit = map[string]string{
		"tasks":      strings.Join(s.model.TaskNames(), ", "),
		"examples":   fmt.Sprintf("%d to train, %d to validate", s.data.Train.Len(), s.data.Validation.Len()),
		"steps":      fmt.Sprint(f.Steps),
		"batch size": fmt.Sprint(f.BatchSize),
		"optimiser":  fmt.Sprintf("%T, learning rate %v, clip norm %v", f.Optimizer, f.LearningRate, f.ClipNorm),
		"schedule":   fmt.Sprintf("%T%+v", f.Schedule, f.Schedule),
		"validation": fmt.Sprintf("every %d steps, patience %d", f.ValidateEvery, f.Patience),
		"objectives": fmt.Sprint(described.Objectives),
	}
	return described
}

// sameStudy reports what keeps a study from being continued by this call.
func sameStudy(saved, asked *study.Study, dir string) error {
	for _, name := range slices.Sorted(maps.Keys(asked.Fit)) {
		if saved.Fit[name] != asked.Fit[name] {
			return fmt.Errorf("sweep: the folder %s holds another study: its %s: %s; asked for: %s; choose another Dir or delete this one", dir, name, saved.Fit[name], asked.Fit[name])
		}
	}
	return nil
}
