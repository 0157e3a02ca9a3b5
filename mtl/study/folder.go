package study

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/internal/wire"
)

// Files of a study's folder.
const (
	// File describes the study.
	File = "study.json"
	// TrialsDir has a run folder for each trial, BaselinesDir for each task trained alone.
	TrialsDir    = "trials"
	BaselinesDir = "baselines"
	// TrialFile is in the run folder of a trial: its setting, state and figures.
	TrialFile = "trial.json"
	// Results, in three formats.
	CSVFile      = "results.csv"
	JSONFile     = "results.json"
	MarkdownFile = "results.md"
)

// Dir is the run folder of a trial in a study's folder.
func (t *Trial) Dir(study string) string {
	if t.Alone != "" {
		return filepath.Join(study, BaselinesDir, t.Name())
	}
	return filepath.Join(study, TrialsDir, t.Name())
}

// Save writes the description of the study and what is planned, not how far the trials are.
func (s *Study) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("study: cannot make the folder %s: %w", dir, err)
	}
	p := planned{Study: s}
	for _, t := range slices.Concat(s.Baselines, s.Trials) {
		p.Plan = append(p.Plan, &Trial{Setting: t.Setting, State: Pending, Round: t.Round, Steps: t.Steps})
	}
	return writeJSON(filepath.Join(dir, File), p)
}

// planned is the content of study.json.
type planned struct {
	*Study
	Plan []*Trial `json:"plan"`
}

// Save writes the trial into its run folder in the study's folder. It is whole or not there, whenever the process ends.
func (t *Trial) Save(study string) error {
	dir := t.Dir(study)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("study: cannot make the run folder %s: %w", dir, err)
	}
	return writeJSON(filepath.Join(dir, TrialFile), t)
}

// LoadTrial reads a trial that Save wrote; nil without an error where there is none.
func LoadTrial(dir string) (*Trial, error) {
	t := &Trial{}
	err := readJSON(filepath.Join(dir, TrialFile), t)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return t, err
}

// Load reads a study, finished or in progress, with the histories of its trials.
func Load(dir string) (*Study, error) {
	s, err := LoadPlan(dir)
	if err != nil {
		return nil, err
	}
	for _, list := range [][]*Trial{s.Baselines, s.Trials} {
		for i, t := range list {
			if list[i], err = t.Reload(dir, s.Split); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// LoadPlan reads what Study.Save wrote: every trial is pending in it, however far it is.
func LoadPlan(dir string) (*Study, error) {
	p := planned{Study: &Study{}}
	err := readJSON(filepath.Join(dir, File), &p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("study: %s holds no study: wanted a folder with %s in it, as a sweep writes it (%w)", dir, File, err)
	}
	if err != nil {
		return nil, err
	}
	for _, t := range p.Plan {
		list := p.Study.listOf(t)
		*list = append(*list, t)
	}
	return p.Study, nil
}

// Reload is what the trial's run folder says of it now. A trial has a file of its own once it has ended or is paused; until then its run tells how far it is.
func (t *Trial) Reload(study, split string) (*Trial, error) {
	dir := t.Dir(study)
	loaded, err := LoadTrial(dir)
	if err != nil {
		return nil, err
	}
	begun := loaded == nil
	if begun {
		loaded = &Trial{Setting: t.Setting, State: Pending, Round: t.Round, Steps: t.Steps}
	}
	if loaded.Name() != t.Name() {
		return nil, fmt.Errorf("study: %s is of the trial %s: put it back where it belongs", filepath.Join(dir, TrialFile), loaded.Name())
	}
	h, err := history.Load(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist): // not begun
	case err != nil:
		return nil, err
	case begun:
		loaded.State = Running
		loaded.Follow(h, split)
	default:
		loaded.History = h
	}
	return loaded, nil
}

// WriteResults writes the results as CSV, JSON and Markdown into the study's folder.
func (s *Study) WriteResults(dir string) error {
	for name, write := range map[string]func(io.Writer) error{CSVFile: s.WriteCSV, JSONFile: s.WriteJSON, MarkdownFile: s.WriteMarkdown} {
		var text strings.Builder
		if err := write(&text); err != nil {
			return err
		}
		if err := replace(filepath.Join(dir, name), []byte(text.String())); err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(path string, value any) error {
	data, err := wire.Seal(value)
	if err != nil {
		return fmt.Errorf("study: %s cannot be written as JSON: %w", path, err)
	}
	return replace(path, data)
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := wire.Unseal(data, into); err != nil {
		return fmt.Errorf("study: %s is not as a sweep writes it: %w; put it back from a copy, or delete it and run the sweep again, which makes it of the runs that are there", path, err)
	}
	return nil
}

// replace puts a file in place of another at once. What a killed process left half written is overwritten by the next.
func replace(path string, data []byte) error {
	dir, name := filepath.Split(path)
	f, err := os.OpenFile(filepath.Join(dir, ".writing-"+name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return fmt.Errorf("study: cannot write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("study: cannot write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}
