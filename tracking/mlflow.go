package tracking

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/gomtl/gomtl/mtl/history"
)

// MLflow writes runs as MLflow's file store keeps them, Dir/EXPERIMENT/RUN: values as metrics SPLIT/learning_rate, SPLIT/loss/TASK, SPLIT/weight/TASK and
// SPLIT/metric/TASK/METRIC, the settings as params, backend and versions as tags. An experiment of that name is used where Dir has one.
//
// A run's identifier follows from experiment, last element of its name and time of creation, so that the same run is found and written anew, params
// and metrics whole, while tags that others have set stay. It is RUNNING until End, then FINISHED, KILLED where the error is an interrupt
// (context.Canceled), or FAILED, with the error in the tag gomtl.error.
//
// MLflow 3.14 and later read the file store where MLFLOW_ALLOW_FILE_STORE is true:
//
//	MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri mlruns
type MLflow struct {
	Dir        string // "mlruns" when empty
	Experiment string // "gomtl" when empty

	out  output
	run  history.Run
	dir  string // of the run
	meta mlflowRun
	last float64 // seconds trained
}

// Begin starts the run's metrics and params anew and says that it runs.
func (m *MLflow) Begin(run history.Run) {
	m.run, m.last = run, 0
	m.out.begin(m.begin())
}

func (m *MLflow) begin() error {
	store, err := openStore(cmp.Or(m.Dir, "mlruns"))
	if err != nil {
		return err
	}
	experiment, err := store.experiment(cmp.Or(m.Experiment, "gomtl"))
	if err != nil {
		return err
	}
	hash := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d", experiment, path.Base(m.run.Name), m.run.Created.UnixNano()))
	id := fmt.Sprintf("%x", hash[:16])
	m.dir = filepath.Join(store.root, experiment, id)
	m.meta = mlflowRun{
		ArtifactURI: quoted(fileURI(filepath.Join(m.dir, "artifacts"))), ExperimentID: quoted(experiment), LifecycleStage: "active",
		RunID: quoted(id), RunName: quoted(m.run.Name), SourceType: sourceLocal, StartTime: moment(m.run, 0).UnixMilli(), Status: statusRunning, Tags: []string{},
	}
	all, err := settings(m.run)
	err = errors.Join(err, os.RemoveAll(filepath.Join(m.dir, "metrics")), os.RemoveAll(filepath.Join(m.dir, "params")), remove(m.tag("gomtl.error")))
	for _, folder := range []string{"metrics", "params", "artifacts", "tags"} { // without the first three MLflow sees no run
		err = errors.Join(err, os.MkdirAll(filepath.Join(m.dir, folder), 0o777))
	}
	for _, s := range all {
		err = errors.Join(err, writeText(filepath.Join(m.dir, "params", filepath.FromSlash(s.name)), s.text(), longestParam))
	}
	for _, s := range facts(m.run) {
		err = errors.Join(err, writeText(m.tag("gomtl."+s.name), s.text(), longestTag))
	}
	err = errors.Join(err, writeText(m.tag("mlflow.runName"), m.run.Name, longestTag),
		writeText(m.tag("mlflow.source.name"), "gomtl", longestTag), writeText(m.tag("mlflow.source.type"), "LOCAL", longestTag))
	return errors.Join(err, writeMeta(m.dir, m.meta))
}

func (m *MLflow) tag(name string) string {
	return filepath.Join(m.dir, "tags", filepath.FromSlash(name))
}

// Record adds a line to the file of each metric.
func (m *MLflow) Record(r history.Record) {
	m.last = max(m.last, r.Seconds)
	split := portable(r.Split)
	for _, v := range values(r) {
		line := fmt.Appendf(nil, "%d %s %d\n", moment(m.run, r.Seconds).UnixMilli(), number(v.v), r.Step)
		m.out.add(filepath.Join(m.dir, "metrics", split, filepath.FromSlash(v.key())), line)
	}
	m.out.tick()
}

// Progress writes what has waited for a second.
func (m *MLflow) Progress(_, _ int, seconds float64) {
	m.last = max(m.last, seconds)
	m.out.tick()
}

// End writes the rest and how the run ended.
func (m *MLflow) End(err error) {
	m.out.flush()
	if !m.out.open || errors.Is(err, errUnfinished) {
		m.out.end()
		return
	}
	ended := moment(m.run, m.last).UnixMilli()
	m.meta.EndTime = &ended
	switch {
	case err == nil:
		m.meta.Status = statusFinished
	case errors.Is(err, context.Canceled):
		m.meta.Status = statusKilled
	default:
		m.meta.Status = statusFailed
	}
	if err != nil {
		m.out.check(writeText(m.tag("gomtl.error"), err.Error(), longestTag))
	}
	m.out.check(writeMeta(m.dir, m.meta))
	m.out.end()
}

// Err implements Writer.
func (m *MLflow) Err() error { return m.out.err }
