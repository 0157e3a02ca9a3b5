package sweep

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/internal/describe"
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
	described.Fit = mtl.Description(s.model, s.data, *f)
	described.Fit["tasks"] = strings.Join(s.model.TaskNames(), ", ")
	described.Fit["steps"] = fmt.Sprint(f.Steps)
	described.Fit["objectives"] = fmt.Sprint(described.Objectives)
	validation := fmt.Sprintf("every %d steps, patience %d", f.ValidateEvery, f.Patience)
	if f.Patience > 0 {
		validation += fmt.Sprintf(", by %s, least improvement %v", describe.Value(f.Monitor), f.MinDelta)
	}
	if s.data.Validation == nil {
		validation = fmt.Sprintf("none: training records of %d steps", f.RecordEvery)
	}
	described.Fit["validation"] = validation
	return described
}

// sameStudy reports what keeps a study from being continued by this call.
func sameStudy(saved, asked *study.Study, dir string) error {
	if differences := mtl.Differences(saved.Fit, asked.Fit); len(differences) > 0 {
		return fmt.Errorf("sweep: the folder %s holds another study: its %s; choose another Dir or delete this one", dir, strings.Join(differences, "; its "))
	}
	return nil
}
