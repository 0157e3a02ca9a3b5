package speech

import (
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
)

// noise is the folder of Speech Commands that holds no words.
const noise = "_background_noise_"

// SpeechCommands yields the clips of Speech Commands: a folder for each word, in it
// SPEAKER_nohash_TAKE.wav. The labels are word, speaker and take.
func SpeechCommands(folder fs.FS) iter.Seq2[Clip, error] {
	return clips(folder, func(w *walk) {
		listed := map[string]string{} // the part of each clip that a list names
		found := 0
		for _, list := range []struct{ name, part string }{{"validation_list.txt", Validation},
			{"testing_list.txt", Test}} {
			if w.has(list.name) {
				found++
				w.list(list.name, list.part, listed)
			}
		}
		if found == 1 {
			w.errorf(
				".", 0, "only one of validation_list.txt and testing_list.txt is there; wanted both, or none for the rule by hash")
			return
		}
		entries, _ := w.names(".")
		for _, e := range entries {
			if e.IsDir() && !system(e.Name()) && !w.stopped {
				w.word(e.Name(), listed, found == 2)
			}
		}
		// What is left in the lists was not found.
		missing := make([]string, 0, len(listed))
		for name := range listed {
			missing = append(missing, name)
		}
		slices.Sort(missing)
		for _, name := range missing {
			w.errorf(name, 0, "the file is in a list of the %s part and is missing", listed[name])
		}
	})
}

// list reads the names of a part.
func (w *walk) list(name, part string, listed map[string]string) {
	w.lines(name, func(number int, line string) {
		line = strings.TrimSpace(line)
		dir, file := path.Split(line)
		switch other, twice := listed[line]; {
		case line == "":
		case strings.Count(line, "/") != 1 || dir == "/" || file == "" || !fs.ValidPath(line):
			w.errorf(name, number, "%q, wanted WORD/FILE.wav", line)
		case twice:
			w.errorf(name, number, "%s is in the lists twice, as %s and %s", line, other, part)
		default:
			listed[line] = part
		}
	})
}

// word yields the clips of a folder; those that a list names are taken from it.
func (w *walk) word(word string, listed map[string]string, lists bool) {
	entries, _ := w.names(word)
	for _, e := range entries {
		name := e.Name()
		file := word + "/" + name
		switch speaker, take, isClip := strings.Cut(strings.TrimSuffix(name, ".wav"), "_nohash_"); {
		case system(name) || word == noise && name == "README.md":
		case !strings.HasSuffix(name, ".wav"):
			w.errorf(file, 0, "not a clip; wanted SPEAKER_nohash_TAKE.wav")
		case word == noise:
			w.clip(Clip{Path: file, Part: Background, Labels: map[string]string{"word": noise}})
		case !isClip || speaker == "" || !digits(take):
			w.errorf(file, 0, "not a clip; wanted SPEAKER_nohash_TAKE.wav")
		default:
			part := Train
			if !lists {
				part = WhichSet(name, 10, 10)
			} else if p, ok := listed[file]; ok {
				part = p
			}
			delete(listed, file)
			w.clip(Clip{Path: file, Part: part,
				Labels: map[string]string{"word": word, "speaker": speaker, "take": take}})
		}
	}
}

// digits says whether text is a number without a sign.
func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// WhichSet is the part of a Speech Commands file by the rule of its README. Percentages of the
// files go to validation and test by the SHA-1 of the name up to "_nohash_", so that all clips of a
// speaker are in one part.
func WhichSet(file string, validation, test float64) string {
	const most = 1<<27 - 1 // files of a class
	name, _, _ := strings.Cut(path.Base(file), "_nohash_")
	sum := sha1.Sum([]byte(name))
	percentage := float64(binary.BigEndian.Uint32(sum[16:])%(most+1)) * (100.0 / most)
	switch {
	case percentage < validation:
		return Validation
	case percentage < validation+test:
		return Test
	}
	return Train
}

// FSDD yields the clips of the Free Spoken Digit Dataset: recordings/DIGIT_SPEAKER_TAKE.wav. The
// labels are digit, speaker and take.
func FSDD(folder fs.FS) iter.Seq2[Clip, error] {
	return clips(folder, func(w *walk) {
		entries, _ := w.names("recordings")
		for _, e := range entries {
			if system(e.Name()) {
				continue
			}
			clip, err := fsdd(e.Name())
			if err != nil {
				w.errorf("recordings/"+e.Name(), 0, "%w", err)
				continue
			}
			w.clip(clip)
		}
	})
}

func fsdd(name string) (Clip, error) {
	stem, isWAV := strings.CutSuffix(name, ".wav")
	parts := strings.Split(stem, "_")
	if !isWAV || len(parts) != 3 || len(parts[0]) != 1 || !digits(parts[0]) || parts[1] == "" ||
		!digits(parts[2]) {
		return Clip{}, fmt.Errorf("not a clip; wanted DIGIT_SPEAKER_TAKE.wav")
	}
	part := Train
	if take := strings.TrimLeft(parts[2], "0"); len(take) == 0 || len(take) == 1 && take <= "4" {
		part = Test
	}
	return Clip{Path: "recordings/" + name, Part: part,
		Labels: map[string]string{"digit": parts[0], "speaker": parts[1], "take": parts[2]}}, nil
}
