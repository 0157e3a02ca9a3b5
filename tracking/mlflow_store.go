package tracking

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits of MLflow, in characters.
const (
	longestParam = 6000
	longestTag   = 8000
)

// Numbers of MLflow's RunStatus and SourceType.
const (
	statusRunning  = 1
	statusFinished = 3
	statusFailed   = 4
	statusKilled   = 5
	sourceLocal    = 4
)

// mlflowRun is a run's meta.yaml. The fields that are always empty are there for old versions of MLflow.
type mlflowRun struct {
	ArtifactURI    quoted   `yaml:"artifact_uri"`
	EndTime        *int64   `yaml:"end_time"` // in milliseconds, as all times
	EntryPointName quoted   `yaml:"entry_point_name"`
	ExperimentID   quoted   `yaml:"experiment_id"`
	LifecycleStage quoted   `yaml:"lifecycle_stage"`
	RunID          quoted   `yaml:"run_id"`
	RunName        quoted   `yaml:"run_name"`
	SourceName     quoted   `yaml:"source_name"`
	SourceType     int      `yaml:"source_type"`
	SourceVersion  quoted   `yaml:"source_version"`
	StartTime      int64    `yaml:"start_time"`
	Status         int      `yaml:"status"`
	Tags           []string `yaml:"tags"`
	UserID         quoted   `yaml:"user_id"`
}

// mlflowExperiment is an experiment's meta.yaml.
type mlflowExperiment struct {
	ArtifactLocation quoted `yaml:"artifact_location"`
	CreationTime     int64  `yaml:"creation_time"`
	ExperimentID     quoted `yaml:"experiment_id"`
	LastUpdateTime   int64  `yaml:"last_update_time"`
	LifecycleStage   quoted `yaml:"lifecycle_stage"`
	Name             quoted `yaml:"name"`
}

// quoted is a string in quotation marks whatever it holds: MLflow's YAML takes more words for something else, "=" for one, than ours quotes.
type quoted string

// MarshalYAML implements yaml.Marshaler.
func (q quoted) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: string(q), Style: yaml.DoubleQuotedStyle}, nil
}

const metaFile = "meta.yaml"

// mlflowStore is the folder of a file store.
type mlflowStore struct{ root string }

// openStore makes the folder where needed, with the experiment that MLflow puts its users' runs into unless told otherwise.
func openStore(dir string) (*mlflowStore, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &mlflowStore{root}
	if _, err := os.Stat(root); errors.Is(err, os.ErrNotExist) {
		return s, s.create("0", "Default")
	}
	return s, nil
}

// experiment returns the identifier of the experiment of a name, which is made where there is none. A new one's follows from its name.
func (s *mlflowStore) experiment(name string) (string, error) {
	for _, folder := range []string{s.root, filepath.Join(s.root, ".trash")} {
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		for _, entry := range entries {
			path := filepath.Join(folder, entry.Name(), metaFile)
			data, err := os.ReadFile(path)
			if err != nil {
				continue // no experiment, .trash for one
			}
			var e mlflowExperiment
			if err := yaml.Unmarshal(data, &e); err != nil {
				return "", fmt.Errorf("%s is no experiment of MLflow: %w", path, err)
			}
			if string(e.Name) == name && folder != s.root {
				return "", fmt.Errorf("the experiment %q was deleted in MLflow: restore it, or choose another name", name)
			}
			if string(e.Name) == name {
				return entry.Name(), nil
			}
		}
	}
	hash := sha256.Sum256([]byte(name))
	id := strconv.FormatUint(1e17+binary.BigEndian.Uint64(hash[:])%9e17, 10) // 18 digits, as MLflow's own
	return id, s.create(id, name)
}

func (s *mlflowStore) create(id, name string) error {
	dir, now := filepath.Join(s.root, id), time.Now().UnixMilli()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return writeMeta(dir, mlflowExperiment{
		ArtifactLocation: quoted(fileURI(dir)), CreationTime: now, ExperimentID: quoted(id), LastUpdateTime: now, LifecycleStage: "active", Name: quoted(name),
	})
}

// writeMeta writes a meta.yaml that is seen whole or not at all.
func writeMeta(dir string, meta any) error {
	data, err := yaml.Marshal(meta)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, metaFile)
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, data, 0o666); err != nil {
		return errors.Join(err, remove(temporary))
	}
	return os.Rename(temporary, path)
}

// writeText writes a param or tag, cut to what MLflow takes.
func writeText(path, value string, longest int) error {
	value = strings.ToValidUTF8(value, "\uFFFD")
	if utf8.RuneCountInString(value) > longest {
		value = string([]rune(value)[:longest])
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(value), 0o666)
}

func fileURI(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}
