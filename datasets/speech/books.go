package speech

import (
	"io/fs"
	"iter"
	"strings"
)

// LibriSpeech yields the utterances of LibriSpeech:
// PART/SPEAKER/CHAPTER/SPEAKER-CHAPTER-NUMBER.flac, with the texts in SPEAKER-CHAPTER.trans.txt.
// The labels are text, speaker, chapter, utterance and, by SPEAKERS.TXT, sex.
func LibriSpeech(folder fs.FS) iter.Seq2[Clip, error] {
	return clips(folder, func(w *walk) {
		sexes := w.speakers()
		parts, _ := w.names(".")
		for _, part := range parts {
			if !part.IsDir() || system(part.Name()) {
				continue
			}
			speakers, _ := w.names(part.Name())
			for _, speaker := range speakers {
				w.speaker(part.Name(), speaker.Name(), sexes)
			}
		}
	})
}

// speakers reads the sex of each speaker. A line is "ID | SEX | SUBSET | MINUTES | NAME"; a name
// may hold bars.
func (w *walk) speakers() map[string]string {
	sexes := map[string]string{}
	there := w.lines("SPEAKERS.TXT", func(number int, line string) {
		if strings.HasPrefix(line, ";") {
			return
		}
		fields := strings.SplitN(line, "|", 5)
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		switch {
		case len(fields) != 5 || !digits(fields[0]) || fields[1] != "F" && fields[1] != "M":
			w.errorf("SPEAKERS.TXT", number, "%.60q, wanted ID | F or M | SUBSET | MINUTES | NAME",
				line)
		case sexes[fields[0]] != "":
			w.errorf("SPEAKERS.TXT", number, "speaker %s stands twice", fields[0])
		default:
			sexes[fields[0]] = fields[1]
		}
	})
	if !there {
		return nil // which was reported
	}
	return sexes
}

// speaker yields the utterances of a speaker.
func (w *walk) speaker(part, speaker string, sexes map[string]string) {
	dir := part + "/" + speaker
	if system(speaker) || w.stopped {
		return
	}
	sex, known := sexes[speaker]
	if !known && sexes != nil {
		w.errorf(dir, 0, "speaker %s is not in SPEAKERS.TXT", speaker)
	}
	chapters, _ := w.names(dir)
	for _, chapter := range chapters {
		if !system(chapter.Name()) {
			w.chapter(part, speaker, chapter.Name(), sex)
		}
	}
}

// chapter yields the utterances of a folder.
func (w *walk) chapter(part, speaker, chapter, sex string) {
	dir := part + "/" + speaker + "/" + chapter
	prefix := speaker + "-" + chapter
	list := prefix + ".trans.txt"
	known := map[string]bool{list: true}
	there := w.lines(dir+"/"+list, func(number int, line string) {
		id, text, _ := strings.Cut(line, " ")
		utterance, ok := strings.CutPrefix(id, prefix+"-")
		file := id + ".flac"
		switch {
		case !ok || !digits(utterance) || strings.TrimSpace(text) == "":
			w.errorf(dir+"/"+list, number, "%.60q, wanted %s-NUMBER TEXT", line, prefix)
			return
		case known[file]:
			w.errorf(dir+"/"+list, number, "%s stands twice", id)
			return
		}
		known[file] = true
		if !w.has(dir + "/" + file) {
			w.errorf(dir+"/"+list, number, "%s is missing", dir+"/"+file)
			return
		}
		labels := map[string]string{"text": text, "speaker": speaker, "chapter": chapter,
			"utterance": utterance}
		if sex != "" {
			labels["sex"] = sex
		}
		w.clip(Clip{Path: dir + "/" + file, Part: part, Labels: labels})
	})
	if there {
		w.extra(dir, known, list)
	}
}

// LJSpeech yields the clips of LJSpeech, or of a set in its form: metadata.csv with
// ID|text|normalised text, and wavs/ID.wav. The labels are text and normalised.
func LJSpeech(folder fs.FS) iter.Seq2[Clip, error] {
	return clips(folder, func(w *walk) {
		known := map[string]bool{}
		there := w.lines("metadata.csv", func(number int, line string) {
			fields := strings.Split(line, "|")
			if len(fields) != 3 {
				w.errorf("metadata.csv", number,
					"%d fields divided by |, wanted ID|text|normalised text", len(fields))
				return
			}
			file := fields[0] + ".wav"
			switch {
			case fields[0] == "" || strings.Contains(fields[0], "/"):
				w.errorf("metadata.csv", number, "%q is not the name of a file", fields[0])
			case known[file]:
				w.errorf("metadata.csv", number, "%s stands twice", fields[0])
			case strings.TrimSpace(fields[1]) == "" || strings.TrimSpace(fields[2]) == "":
				known[file] = true
				w.errorf("metadata.csv", number, "%s has an empty text", fields[0])
			case !w.has("wavs/" + file):
				known[file] = true
				w.errorf("metadata.csv", number, "wavs/%s is missing", file)
			default:
				known[file] = true
				w.clip(Clip{Path: "wavs/" + file,
					Labels: map[string]string{"text": fields[1], "normalised": fields[2]}})
			}
		})
		if there {
			w.extra("wavs", known, "metadata.csv")
		}
	})
}
