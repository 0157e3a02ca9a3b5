package speech

import (
	"encoding/csv"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// FSD50K yields the clips of FSD50K, with several tags each. The folder holds FSD50K.ground_truth
// with dev.csv, eval.csv and vocabulary.csv, FSD50K.dev_audio and FSD50K.eval_audio. The parts are
// train and validation, which dev.csv names, and test.
func FSD50K(folder fs.FS) iter.Seq2[Clip, error] {
	return clips(folder, func(w *walk) {
		classes := map[string]bool{}
		for i, class := range w.vocabulary() {
			if class == "" {
				w.errorf(truth+"vocabulary.csv", 0, "there is no class %d", i)
			}
			classes[class] = true
		}
		w.truth("dev.csv", []string{"fname", "labels", "mids", "split"}, "FSD50K.dev_audio",
			classes)
		w.truth("eval.csv", []string{"fname", "labels", "mids"}, "FSD50K.eval_audio", classes)
	})
}

// FSD50KClasses reads the classes, in the order of their numbers.
func FSD50KClasses(folder fs.FS) ([]string, error) {
	var first error
	w := walk{folder: folder, yield: func(_ Clip, err error) bool {
		first = err
		return false
	}}
	classes := w.vocabulary()
	if i := slices.Index(classes, ""); i >= 0 {
		w.errorf(truth+"vocabulary.csv", 0, "there is no class %d", i)
	}
	if first != nil {
		return nil, first
	}
	return classes, nil
}

const (
	truth      = "FSD50K.ground_truth/"
	maxClasses = 10_000
)

// vocabulary reads the classes; one that has no line is empty.
func (w *walk) vocabulary() (classes []string) {
	const name = truth + "vocabulary.csv"
	w.lines(name, func(number int, line string) {
		fields := w.fields(name, number, line, 3)
		if fields == nil {
			return
		}
		i, err := strconv.Atoi(fields[0])
		if err != nil || i < 0 || i >= maxClasses || fields[1] == "" {
			w.errorf(name, number, "%.60q, wanted NUMBER,CLASS,MID", line)
			return
		}
		if n := i + 1 - len(classes); n > 0 {
			classes = append(classes, make([]string, n)...)
		}
		if classes[i] != "" || slices.Contains(classes, fields[1]) {
			w.errorf(name, number, "class %d or %s stands twice", i, fields[1])
			return
		}
		classes[i] = fields[1]
	})
	return classes
}

// fields takes a line of CSV to pieces, or reports it. No field of these files goes over lines.
func (w *walk) fields(name string, number int, line string, want int) []string {
	r := csv.NewReader(strings.NewReader(line))
	r.FieldsPerRecord = -1
	fields, err := r.Read()
	switch {
	case err != nil:
		w.errorf(name, number, "%w", err)
	case len(fields) != want:
		w.errorf(name, number, "%d fields, wanted %d", len(fields), want)
	default:
		return fields
	}
	return nil
}

// truth yields the clips of one list.
func (w *walk) truth(list string, columns []string, dir string, classes map[string]bool) {
	name := truth + list
	known, first := map[string]bool{}, true
	there := w.lines(name, func(number int, line string) {
		fields := w.fields(name, number, line, len(columns))
		if isHead := first; isHead || fields == nil {
			if first = false; isHead && !slices.Equal(fields, columns) {
				w.errorf(name, number, "the first line is %.60q, wanted %s", line,
					strings.Join(columns, ","))
			}
			return
		}
		clip := Clip{Path: dir + "/" + fields[0] + ".wav", Part: Test,
			Tags: strings.Split(fields[1], ",")}
		switch {
		case !digits(fields[0]):
			w.errorf(name, number, "%q is not a number of a clip", fields[0])
			return
		case known[fields[0]+".wav"]:
			w.errorf(name, number, "clip %s stands twice", fields[0])
			return
		}
		known[fields[0]+".wav"] = true
		if len(columns) == 4 {
			clip.Part = map[string]string{"train": Train, "val": Validation}[fields[3]]
		}
		unknown := slices.IndexFunc(clip.Tags, func(tag string) bool { return !classes[tag] })
		switch {
		case clip.Part == "":
			w.errorf(name, number, "the split of clip %s is %q, wanted train or val", fields[0],
				fields[3])
		case unknown >= 0:
			w.errorf(name, number, "clip %s has the label %q, which is not in vocabulary.csv",
				fields[0], clip.Tags[unknown])
		case strings.Count(fields[2], ",") != len(clip.Tags)-1:
			w.errorf(name, number, "clip %s has %d labels and %d mids", fields[0], len(clip.Tags),
				strings.Count(fields[2], ",")+1)
		case !w.has(clip.Path):
			w.errorf(name, number, "%s is missing", clip.Path)
		default:
			w.clip(clip)
		}
	})
	if there {
		w.extra(dir, known, list)
	}
}
