package setup

import (
	"context"
	_ "embed" // for the executor
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/mtl/history"
)

// executor runs in the virtual environment and tells, one JSON object a line, what happens.
//
//go:embed python/execute.py
var executor []byte

// pageMaker makes the HTML page of a notebook; the executor imports it.
//
//go:embed python/page.py
var pageMaker []byte

// RunsEnv names the environment variable that tells a notebook into which folder to write its runs.
const RunsEnv = "GOMTL_RUNS"

// Result says where an executed notebook lies.
type Result struct {
	Notebook string // the .ipynb with its outputs
	HTML     string // the same as one page
	Runs     string // folder of the runs that it trained
	Log      string // what the kernel said about its own work
}

// CellError says which cell of a notebook failed, and why.
type CellError struct {
	Cell   int    `json:"cell"` // counting code cells from 1, as in the notebook's margin
	Line   int    `json:"line"` // in the cell, from 1; 0 when the kernel did not tell
	Source string `json:"source"`
	Text   string `json:"error"`
}

func (e *CellError) Error() string {
	where := fmt.Sprintf("cell %d", e.Cell)
	if e.Line > 0 {
		where += fmt.Sprintf(", line %d: %s", e.Line, e.Source)
	}
	return where + "\n" + e.Text
}

// ErrInterrupted says that a notebook was interrupted by its user; what was trained so far is saved.
var ErrInterrupted = errors.New("interrupted")

// Execute runs a notebook in the GoNB kernel, shows its progress on standard error, and leaves the executed notebook, also
// when a cell fails (a *CellError), and its HTML page in the folder out.
func Execute(ctx context.Context, notebook, out string) (Result, error) {
	l, err := newLayout()
	if err != nil {
		return Result{}, err
	}
	if out, err = filepath.Abs(out); err != nil {
		return Result{}, err
	}
	name := nameOf(notebook)
	result := Result{
		Notebook: filepath.Join(out, name+".ipynb"), HTML: filepath.Join(out, name+".html"),
		Runs: filepath.Join(out, "runs"), Log: filepath.Join(out, "kernel.log"),
	}
	if same, err := filepath.Abs(notebook); err != nil || same == result.Notebook {
		return Result{}, errors.Join(err, fmt.Errorf("gomtl: the output folder %s holds the notebook itself: choose another", out))
	}
	if err := os.MkdirAll(result.Runs, 0o755); err != nil {
		return Result{}, err
	}
	script, err := l.writeExecutor()
	if err != nil {
		return Result{}, err
	}
	log, err := os.Create(result.Log)
	if err != nil {
		return Result{}, err
	}
	defer log.Close()
	cmd := l.isolated(command(ctx, l.python(), script, notebook, result.Notebook, result.HTML, KernelName))
	cmd.Env = append(cmd.Env, RunsEnv+"="+result.Runs)
	cmd.Stderr = log
	cmd.WaitDelay = time.Minute // a training cell that is interrupted saves its state first
	return result, watch(ctx, cmd, notebook, result.Log)
}

// nameOf is a notebook's name without folder and extension.
func nameOf(notebook string) string { return strings.TrimSuffix(filepath.Base(notebook), ".ipynb") }

// writeExecutor puts the executor into the virtual environment and returns its path.
func (l layout) writeExecutor() (script string, err error) {
	folder := filepath.Join(l.venv(), "execute-"+id(executor, pageMaker))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	for name, content := range map[string][]byte{"execute.py": executor, "page.py": pageMaker} {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := cache.WriteFile(path, content, 0o644); err != nil {
			return "", err
		}
	}
	return filepath.Join(folder, "execute.py"), nil
}

// watch runs the executor and shows what it tells.
func watch(ctx context.Context, cmd *exec.Cmd, notebook, log string) error {
	alive, err := cmd.StdinPipe() // closed by the system when this process dies, however it dies
	if err != nil {
		return err
	}
	defer alive.Close()
	events, told := io.Pipe()
	cmd.Stdout = told // not StdoutPipe, whose end may never come: a program that was left behind may hold it
	if err := cmd.Start(); err != nil {
		return err
	}
	heard := listener{display: display{name: history.OneLine(nameOf(notebook))}, notebook: notebook}
	done := make(chan struct{})
	go func() {
		defer close(done)
		eachLine(events, heard.hear)
	}()
	err = cmd.Wait()
	_ = told.Close()
	<-done
	heard.stop()
	switch {
	case ctx.Err() != nil:
		return ErrInterrupted
	case heard.failed != nil:
		return heard.failed
	case err != nil:
		return fmt.Errorf("gomtl: executing the notebook: %w\n%s", err, tail(log, 2000))
	}
	return nil
}

// listener shows what the executor tells, and keeps why the notebook failed.
type listener struct {
	display
	notebook string
	failed   error
}

func (l *listener) hear(line string) {
	var event struct {
		Event string
		Total int
		CellError
	}
	if err := json.Unmarshal([]byte(line), &event); err != nil {
		return // a library's own words
	}
	switch event.Event {
	case "start":
		l.start(event.Cell, event.Total)
	case "end":
		l.end(event.Cell)
	case "hint":
		cache.Say("%s: cell %d: %s", l.name, event.Cell, history.OneLine(event.Text))
	case "error":
		l.failed = &event.CellError
	case "invalid":
		l.failed = fmt.Errorf("%s is not a notebook that can be executed: %s", l.notebook, event.Text)
	}
}

// tail returns the last bytes of a file.
func tail(path string, size int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(data[max(0, len(data)-size):]))
}

// display shows the progress of a notebook: a bar in a terminal, else a line a cell.
type display struct {
	name    string
	bar     *cache.Counter
	total   int
	started time.Time // of the cell
}

func (d *display) start(cell, total int) {
	if d.bar == nil {
		d.bar = cache.NewCounter(d.name, total)
	}
	d.started, d.total = time.Now(), total
	d.bar.Add(fmt.Sprintf("%s: cell %d of %d", d.name, cell, total))
}

func (d *display) end(cell int) {
	if !cache.InTerminal() {
		fmt.Fprintf(os.Stderr, "%s: cell %d of %d: %.1f s\n", d.name, cell, d.total, time.Since(d.started).Seconds())
	}
}

func (d *display) stop() {
	if d.bar != nil {
		d.bar.Done()
	}
}
