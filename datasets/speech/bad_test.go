package speech_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gomtl/gomtl/datasets/speech"
)

// with is a folder of a set in which files are changed; "-" before a name takes it out.
func with(base []string, changes ...string) fstest.MapFS {
	folder := tree(base...)
	for _, c := range changes {
		if name, gone := strings.CutPrefix(c, "-"); gone {
			delete(folder, name)
			continue
		}
		name, content, _ := strings.Cut(c, "=")
		folder[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return folder
}

const (
	trans = "dev-clean/84/121/84-121.trans.txt"
	gt    = "FSD50K.ground_truth/"
	head  = "fname,labels,mids,split\n"
)

// bad are folders with one thing wrong, the error, and the number of clips that are sound.
var bad = []struct {
	want   string
	sound  int
	layout layout
	folder fstest.MapFS
}{
	{"speech: yes/0a_nohash_0.wav: the file is in a list of the validation part and is missing", 3,
		speech.SpeechCommands, with(commands, "-yes/0a_nohash_0.wav")},
	{"speech: no/0b_nohash_1.wav: the file is in a list of the test part and is missing", 3,
		speech.SpeechCommands, with(commands, "-no/0b_nohash_1.wav")},
	{"only one of validation_list.txt and testing_list.txt is there", 0, speech.SpeechCommands,
		with(commands, "-testing_list.txt")},
	{"yes/readme.txt: not a clip", 4, speech.SpeechCommands, with(commands, "yes/readme.txt=")},
	{"yes/0d.wav: not a clip; wanted SPEAKER_nohash_TAKE.wav", 4, speech.SpeechCommands,
		with(commands, "yes/0d.wav=")},
	{"yes/0d_nohash_x.wav: not a clip", 4, speech.SpeechCommands,
		with(commands, "yes/0d_nohash_x.wav=")},
	{"yes/_nohash_1.wav: not a clip", 4, speech.SpeechCommands,
		with(commands, "yes/_nohash_1.wav=")},
	{"yes/0d_nohash_1.flac: not a clip", 4, speech.SpeechCommands,
		with(commands, "yes/0d_nohash_1.flac=")},
	{"_background_noise_/x.mp3: not a clip", 4, speech.SpeechCommands,
		with(commands, "_background_noise_/x.mp3=")},
	{`validation_list.txt:2: "yes", wanted WORD/FILE.wav`, 4, speech.SpeechCommands,
		with(commands, "validation_list.txt=yes/0a_nohash_0.wav\nyes\n")},
	{`validation_list.txt:1: "../0a_nohash_0.wav", wanted`, 4, speech.SpeechCommands,
		with(commands, "validation_list.txt=../0a_nohash_0.wav\n")},
	{`validation_list.txt:1: "/etc", wanted`, 4, speech.SpeechCommands,
		with(commands, "validation_list.txt=/etc\n")},
	{`validation_list.txt:1: "a/b/c.wav", wanted`, 4, speech.SpeechCommands,
		with(commands, "validation_list.txt=a/b/c.wav\n")},
	{"testing_list.txt:2: yes/0a_nohash_0.wav is in the lists twice, as validation and test", 4,
		speech.SpeechCommands, with(commands,
			"testing_list.txt=no/0b_nohash_1.wav\nyes/0a_nohash_0.wav")},
	{"testing_list.txt:2:4: the byte 0xe9 is not UTF-8", 4, speech.SpeechCommands,
		with(commands, "testing_list.txt=no/0b_nohash_1.wav\nno/\xe9.wav")},

	{"speech: SPEAKERS.TXT: open SPEAKERS.TXT", 3, speech.LibriSpeech,
		with(libri, "-SPEAKERS.TXT")},
	{"dev-clean/60: speaker 60 is not in SPEAKERS.TXT", 3, speech.LibriSpeech,
		with(libri, "SPEAKERS.TXT=84 | F | x | 1 | n")},
	{`SPEAKERS.TXT:1: "84 F", wanted ID | F or M`, 3, speech.LibriSpeech,
		with(libri, "SPEAKERS.TXT=84 F\n84 | F | x | 1 | n\n60 | M | x | 1 | n")},
	{`SPEAKERS.TXT:1: "7 | X | x | 1 | n", wanted ID | F or M`, 3, speech.LibriSpeech,
		with(libri, "SPEAKERS.TXT=7 | X | x | 1 | n\n84 | F | x | 1 | n\n60 | M | x | 1 | n")},
	{"SPEAKERS.TXT:3: speaker 84 stands twice", 3, speech.LibriSpeech,
		with(libri, "SPEAKERS.TXT=84 | F | x | 1 | n\n60 | M | x | 1 | n\n84 | M | x | 1 | n")},
	{trans + ":2: dev-clean/84/121/84-121-0001.flac is missing", 2, speech.LibriSpeech,
		with(libri, "-dev-clean/84/121/84-121-0001.flac")},
	{"dev-clean/84/121/84-121-0002.flac: the file is not in 84-121.trans.txt", 3,
		speech.LibriSpeech, with(libri, "dev-clean/84/121/84-121-0002.flac=")},
	{"84-121.trans.txt: open dev-clean/84/121", 1, speech.LibriSpeech, with(libri, "-"+trans)},
	{trans + `:3: "84-121-0000", wanted 84-121-NUMBER TEXT`, 3, speech.LibriSpeech,
		with(libri, trans+"=84-121-0000 A\n84-121-0001 B\n84-121-0000\n")},
	{trans + `:3: "84-122-0000 A", wanted 84-121-NUMBER TEXT`, 3, speech.LibriSpeech,
		with(libri, trans+"=84-121-0000 A\n84-121-0001 B\n84-122-0000 A\n")},
	{trans + `:3: "84-121-../x A", wanted`, 3, speech.LibriSpeech,
		with(libri, trans+"=84-121-0000 A\n84-121-0001 B\n84-121-../x A\n")},
	{trans + ":3: 84-121-0000 stands twice", 3, speech.LibriSpeech,
		with(libri, trans+"=84-121-0000 A\n84-121-0001 B\n84-121-0000 C\n")},
	{"speech: dev-clean/README: readdir", 3, speech.LibriSpeech,
		with(libri, "dev-clean/README=", "SPEAKERS.TXT=84 | F | x | 1 | n\n60 | M | x | 1 | n\n")},

	{"speech: metadata.csv: open metadata.csv", 0, speech.LJSpeech, with(lj, "-metadata.csv")},
	{"metadata.csv:3: 2 fields divided by |, wanted ID|text|normalised text", 2, speech.LJSpeech,
		with(lj, "metadata.csv=LJ1|a|a\nLJ2|b|b\nLJ3|c")},
	{"metadata.csv:3: 4 fields divided by |", 2, speech.LJSpeech,
		with(lj, "metadata.csv=LJ1|a|a\nLJ2|b|b\nLJ3|c|d|e")},
	{"metadata.csv:3: 1 fields divided by |", 2, speech.LJSpeech,
		with(lj, "metadata.csv=LJ1|a|a\nLJ2|b|b\n\"x\ty\"")},
	{"metadata.csv:3: LJ1 stands twice", 2, speech.LJSpeech,
		with(lj, "metadata.csv=LJ1|a|a\nLJ2|b|b\nLJ1|c|d")},
	{`metadata.csv:3: "../LJ1" is not the name of a file`, 2, speech.LJSpeech,
		with(lj, "metadata.csv=LJ1|a|a\nLJ2|b|b\n../LJ1|c|d")},
	{`metadata.csv:3: "" is not the name of a file`, 2, speech.LJSpeech,
		with(lj, "metadata.csv=LJ1|a|a\nLJ2|b|b\n|c|d")},
	{"metadata.csv:2: LJ2 has an empty text", 1, speech.LJSpeech,
		with(lj, "metadata.csv=LJ1|a|a\nLJ2|b| ")},
	{"metadata.csv:2: wavs/LJ2.wav is missing", 1, speech.LJSpeech, with(lj, "-wavs/LJ2.wav")},
	{"wavs/LJ3.wav: the file is not in metadata.csv", 2, speech.LJSpeech,
		with(lj, "wavs/LJ3.wav=")},
	{"metadata.csv:2:6: the byte 0xe9 is not UTF-8", 1, speech.LJSpeech,
		with(lj, "metadata.csv=LJ1|a|a\nLJ2|b\xe9|b", "-wavs/LJ2.wav")},

	{"speech: recordings: open recordings", 0, speech.FSDD, tree("0_a_1.wav=")},
	{"recordings/10_a_1.wav: not a clip; wanted DIGIT_SPEAKER_TAKE.wav", 1, speech.FSDD,
		tree("recordings/10_a_1.wav=", "recordings/0_a_1.wav=")},
	{"recordings/x_a_1.wav: not a clip", 0, speech.FSDD, tree("recordings/x_a_1.wav=")},
	{"recordings/1__1.wav: not a clip", 0, speech.FSDD, tree("recordings/1__1.wav=")},
	{"recordings/1_a_.wav: not a clip", 0, speech.FSDD, tree("recordings/1_a_.wav=")},
	{"recordings/1_a_-1.wav: not a clip", 0, speech.FSDD, tree("recordings/1_a_-1.wav=")},
	{"recordings/1_a_b_1.wav: not a clip", 0, speech.FSDD, tree("recordings/1_a_b_1.wav=")},
	{"recordings/1_a_1.WAV: not a clip", 0, speech.FSDD, tree("recordings/1_a_1.WAV=")},
	{"recordings/1_a_1: not a clip", 0, speech.FSDD, tree("recordings/1_a_1/x=")},

	{"dev.csv:1: the first line is \"64760,Bark,/m/05tny_,train\"", 1, speech.FSD50K,
		with(fsd50, gt+"dev.csv=64760,Bark,/m/05tny_,train\n", "-FSD50K.dev_audio/64760.wav",
			"-FSD50K.dev_audio/16399.wav", "FSD50K.dev_audio/.DS_Store=")},
	{"dev.csv:4: 3 fields, wanted 4", 3, speech.FSD50K,
		with(fsd50, gt+"dev.csv="+head+"64760,Bark,m,train\n16399,Bark,m,val\n1,Bark,m\n")},
	{`dev.csv:4: "x" is not a number of a clip`, 3, speech.FSD50K,
		with(fsd50, gt+"dev.csv="+head+"64760,Bark,m,train\n16399,Bark,m,val\nx,Bark,m,val\n")},
	{"dev.csv:4: clip 16399 stands twice", 3, speech.FSD50K,
		with(fsd50, gt+"dev.csv="+head+"64760,Bark,m,train\n16399,Bark,m,val\n16399,Bark,m,val\n")},
	{`dev.csv:3: the split of clip 16399 is "valid", wanted train or val`, 2, speech.FSD50K,
		with(fsd50, gt+"dev.csv="+head+"64760,Bark,m,train\n16399,Bark,m,valid\n")},
	{`dev.csv:3: clip 16399 has the label "Meow", which is not in vocabulary.csv`, 2, speech.FSD50K,
		with(fsd50, gt+"dev.csv="+head+"64760,Bark,m,train\n16399,\"Bark,Meow\",\"m,n\",val\n")},
	{`dev.csv:3: clip 16399 has the label "", which`, 2, speech.FSD50K,
		with(fsd50, gt+"dev.csv="+head+"64760,Bark,m,train\n16399,,m,val\n")},
	{"dev.csv:3: clip 16399 has 2 labels and 1 mids", 2, speech.FSD50K,
		with(fsd50, gt+"dev.csv="+head+"64760,Bark,m,train\n16399,\"Bark,Accordion\",m,val\n")},
	{`dev.csv:4: parse error on line 1, column`, 3, speech.FSD50K,
		with(fsd50, gt+"dev.csv="+head+"64760,Bark,m,train\n16399,Bark,m,val\n1,\"Bark,m,val\n")},
	{"dev.csv:3: FSD50K.dev_audio/16399.wav is missing", 2, speech.FSD50K,
		with(fsd50, "-FSD50K.dev_audio/16399.wav")},
	{"FSD50K.eval_audio/1.wav: the file is not in eval.csv", 3, speech.FSD50K,
		with(fsd50, "FSD50K.eval_audio/1.wav=")},
	{"speech: FSD50K.ground_truth/eval.csv: open", 2, speech.FSD50K,
		with(fsd50, "-"+gt+"eval.csv")},
	{`vocabulary.csv:4: "x,y,z", wanted NUMBER,CLASS,MID`, 3, speech.FSD50K,
		with(fsd50, gt+"vocabulary.csv=0,Accordion,m\n1,Bark,m\n2,Boat_and_Water_vehicle,m\nx,y,z\n")},
	{`vocabulary.csv:4: "99999999,y,z", wanted`, 3, speech.FSD50K,
		with(fsd50, gt+"vocabulary.csv=0,Accordion,m\n1,Bark,m\n2,Boat_and_Water_vehicle,m\n99999999,y,z\n")},
	{"vocabulary.csv:4: class 0 or Bark stands twice", 3, speech.FSD50K,
		with(fsd50, gt+"vocabulary.csv=0,Accordion,m\n1,Bark,m\n2,Boat_and_Water_vehicle,m\n0,Bark,z\n")},
	{"vocabulary.csv: there is no class 3", 3, speech.FSD50K,
		with(fsd50, gt+"vocabulary.csv=0,Accordion,m\n1,Bark,m\n2,Boat_and_Water_vehicle,m\n4,Cat,z\n")},
}

func TestLayoutsReport(t *testing.T) {
	for _, c := range bad {
		got, errs := all(c.layout(c.folder))
		if !slices.ContainsFunc(errs, func(e string) bool {
			return strings.HasPrefix(e,
				"speech: ") && strings.Contains(e, c.want)
		}) || len(errs) > 2 || len(got) != c.sound {
			t.Errorf("%q, %d clips; wanted %q, %d clips", errs, len(got), c.want, c.sound)
		}
		for _, err := range c.layout(c.folder) {
			_ = err
			break // must not call again
		}
	}
	for _, bad := range []fstest.MapFS{with(fsd50, gt+"vocabulary.csv=1,Bark,m\n"),
		with(fsd50, "-"+gt+"vocabulary.csv"), with(fsd50, gt+"vocabulary.csv=x\n")} {
		if classes, err := speech.FSD50KClasses(bad); err == nil {
			t.Errorf("%q", classes)
		}
	}
}

// Whatever a list says, each clip that is yielded is a file of the folder and comes once.
func FuzzLists(f *testing.F) {
	lists := []struct {
		layout layout
		base   []string
		name   string
	}{
		{speech.SpeechCommands, commands, "testing_list.txt"}, {speech.LibriSpeech, libri,
			"SPEAKERS.TXT"}, {speech.LibriSpeech, libri, trans},
		{speech.LJSpeech, lj, "metadata.csv"}, {speech.FSD50K, fsd50,
			gt + "dev.csv"}, {speech.FSD50K, fsd50, gt + "vocabulary.csv"},
	}
	for i, list := range lists {
		f.Add(uint8(i), tree(list.base...)[list.name].Data)
		for _, c := range bad {
			if file := c.folder[list.name]; file != nil {
				f.Add(uint8(i), file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, content []byte) {
		list := lists[int(i)%len(lists)]
		folder := tree(list.base...)
		folder[list.name] = &fstest.MapFile{Data: content}
		seen := map[string]bool{}
		for clip, err := range list.layout(folder) {
			if err != nil {
				continue
			}
			if folder[clip.Path] == nil || seen[clip.Path] {
				t.Fatalf("%+v: twice %v", clip, seen[clip.Path])
			}
			seen[clip.Path] = true
		}
	})
}
