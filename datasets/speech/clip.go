package speech

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"

	"github.com/gomtl/gomtl/datasets/audio"
	"github.com/gomtl/gomtl/datasets/flac"
	"github.com/gomtl/gomtl/datasets/internal/lines"
	"github.com/gomtl/gomtl/datasets/wav"
)

// The parts that several sets have. LibriSpeech names its own.
const (
	Train      = "train"
	Validation = "validation"
	Test       = "test"
	// Background is the noise of Speech Commands, to mix into clips.
	Background = "background"
)

// Clip is a sound file with its labels.
type Clip struct {
	// Path is the file in the folder, with slashes.
	Path string
	// Part is the official part; empty where a set has none.
	Part string
	// Labels are the labels by name, such as word, speaker or text.
	Labels map[string]string
	// Tags are the labels of a clip that may have several.
	Tags []string
}

// File is an open clip.
type File struct {
	audio.Source
	file fs.File
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Open opens a WAV or FLAC file of the folder, whichever its first bytes say. Errors name the file.
func Open(folder fs.FS, path string) (*File, error) {
	f, err := folder.Open(path)
	if err != nil {
		return nil, fmt.Errorf("speech: %w", err)
	}
	source, err := decode(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("speech: %s: %w", path, err)
	}
	return &File{named{source, path}, f}, nil
}

func decode(r io.Reader) (audio.Source, error) {
	var start [4]byte
	n, err := io.ReadFull(r, start[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	whole := io.MultiReader(bytes.NewReader(start[:n]), r)
	if string(start[:n]) == "fLaC" {
		return flac.NewReader(whole, flac.Options{})
	}
	return wav.NewReader(whole, wav.Options{})
}

// named adds the path to errors.
type named struct {
	audio.Source
	path string
}

func (s named) wrap(n int, err error) (int, error) {
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("speech: %s: %w", s.path, err)
	}
	return n, err
}

// Read implements audio.Source.
func (s named) Read(dst []float32) (int, error) { return s.wrap(s.Source.Read(dst)) }

// ReadInts implements audio.Source.
func (s named) ReadInts(dst []int32) (int, error) { return s.wrap(s.Source.ReadInts(dst)) }

// yields is what a layout calls for each clip or error; false ends it.
type yields func(Clip, error) bool

// clips makes a sequence of a layout.
func clips(folder fs.FS, layout func(*walk)) iter.Seq2[Clip, error] {
	return func(yield func(Clip, error) bool) {
		layout(&walk{folder: folder, yield: yield})
	}
}

// walk is a layout under way. Once stopped, its calls do nothing.
type walk struct {
	folder  fs.FS
	yield   yields
	stopped bool
}

func (w *walk) clip(c Clip)    { w.send(c, nil) }
func (w *walk) fail(err error) { w.send(Clip{}, err) }
func (w *walk) send(c Clip, err error) {
	if !w.stopped && !w.yield(c, err) {
		w.stopped = true
	}
}

// errorf reports an error of a file; line 0 names none.
func (w *walk) errorf(name string, line int, format string, args ...any) {
	w.fail(&lines.Error{Format: "speech", Name: name, Line: line, Err: fmt.Errorf(format, args...)})
}

// names are the sorted names of a folder, and whether it is there. That it is not is reported.
func (w *walk) names(dir string) ([]fs.DirEntry, bool) {
	entries, err := fs.ReadDir(w.folder, dir)
	if err != nil {
		w.errorf(dir, 0, "%w", err)
	}
	return entries, err == nil
}

// has says whether the folder has the file.
func (w *walk) has(name string) bool {
	info, err := fs.Stat(w.folder, name)
	return err == nil && info.Mode().IsRegular()
}

// maxLine is the most bytes of a line of a list.
const maxLine = 1 << 20

// lines calls use with each line of a list that is not empty, and reports whether the file is
// there.
func (w *walk) lines(name string, use func(number int, line string)) bool {
	f, err := w.folder.Open(name)
	if err != nil {
		w.errorf(name, 0, "%w", err)
		return false
	}
	defer f.Close()
	for l := lines.New(f, "speech", name, maxLine); !w.stopped; {
		line, err := l.Next()
		switch {
		case errors.Is(err, io.EOF):
			return true
		case err != nil:
			w.fail(err)
			if l.Done() {
				_, end := l.Next()
				return errors.Is(end, io.EOF)
			}
		case len(line) > 0:
			use(l.Line(), string(line))
		}
	}
	return true
}

// extra reports the files of a folder that no list knows, and what is no file of the set.
func (w *walk) extra(dir string, known map[string]bool, list string) {
	entries, _ := w.names(dir)
	for _, e := range entries {
		if name := e.Name(); !known[name] && !system(name) {
			w.errorf(dir+"/"+name, 0, "the file is not in %s", list)
		}
	}
}

// system says whether a name is that of a file or folder that systems leave behind.
func system(name string) bool {
	return strings.HasPrefix(name, ".") || name == "__MACOSX" || name == "Thumbs.db" || name == "desktop.ini"
}
