package tracking

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
)

// TensorBoard writes event files: Dir/RUN/train, Dir/RUN/validation and so on hold the scalars of a split under the tags learning_rate,
// loss/TASK, weight/TASK and metric/TASK/METRIC, so that one chart shows a task's loss on both; Dir/RUN holds the settings, as text and for the
// plugin of hyper-parameters. Scalars are float32.
//
//	tensorboard --logdir tensorboard
type TensorBoard struct {
	Dir string // "tensorboard" when empty

	out   output
	run   history.Run
	dir   string // of the run
	file  string // name of its event files
	begun map[string]bool
	last  float64 // seconds trained
}

// ours ends the names of the event files that a run that is started anew removes.
const ours = ".gomtl"

// Begin starts the event files of a run anew and writes its settings.
func (t *TensorBoard) Begin(run history.Run) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	t.run, t.dir, t.begun, t.last = run, place(cmp.Or(t.Dir, "tensorboard"), run.Name), map[string]bool{}, 0
	// TensorBoard reads on in the file with the next larger name, so a resumed run's comes after those that it may have open.
	t.file = fmt.Sprintf("events.out.tfevents.%010d.%s.%d%s", time.Now().Unix(), host, os.Getpid(), ours)
	all, err := settings(run)
	t.out.begin(errors.Join(err, t.clear()))
	start := moment(run, 0)
	content := slices.Concat(text("settings", markdownTable(slices.Concat(all, facts(run)))), hparamsStart(all, start))
	t.event("", start, 0, content)
	t.out.flush()
}

// clear removes the event files that an earlier writing of the run left, and no others.
func (t *TensorBoard) clear() error {
	var failed error
	for _, pattern := range []string{"*" + ours, "*/*" + ours} {
		old, err := fs.Glob(os.DirFS(t.dir), pattern)
		failed = errors.Join(failed, err)
		for _, path := range old {
			failed = errors.Join(failed, remove(filepath.Join(t.dir, path)))
		}
	}
	return failed
}

// event adds a summary to the file in a split's folder, "" for the run's own.
func (t *TensorBoard) event(folder string, at time.Time, step int, summary []byte) {
	path := filepath.Join(t.dir, folder, t.file)
	if !t.begun[path] {
		t.begun[path] = true
		t.out.add(path, event(at, 0, eventVersion, []byte("brain.Event:2")))
		t.out.add(path, event(at, 0, eventSession, sessionStart))
	}
	t.out.add(path, event(at, step, eventSummary, summary))
}

// Record adds an event with all values of a record.
func (t *TensorBoard) Record(r history.Record) {
	t.last = max(t.last, r.Seconds)
	var summary []byte
	for _, v := range values(r) {
		summary = append(summary, scalar(v.key(), v.v)...)
	}
	t.event(portable(r.Split), moment(t.run, r.Seconds), r.Step, summary)
	t.out.tick()
}

// Progress writes what has waited for a second.
func (t *TensorBoard) Progress(_, _ int, seconds float64) {
	t.last = max(t.last, seconds)
	t.out.tick()
}

// End writes the rest and how the run ended.
func (t *TensorBoard) End(err error) {
	if !errors.Is(err, errUnfinished) {
		at := moment(t.run, t.last)
		t.event("", at, 0, hparamsEnd(err != nil, at))
	}
	t.out.end()
}

// Err implements Writer.
func (t *TensorBoard) Err() error { return t.out.err }
