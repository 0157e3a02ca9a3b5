package speech_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gomtl/gomtl/datasets/audio"
	"github.com/gomtl/gomtl/datasets/speech"
	"github.com/gomtl/gomtl/datasets/wav"
)

// tree is a folder with the files; "=" divides a name from its content.
func tree(files ...string) fstest.MapFS {
	folder := fstest.MapFS{}
	for _, f := range files {
		name, content, _ := strings.Cut(f, "=")
		folder[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return folder
}

func sound() string {
	var b bytes.Buffer
	if err := wav.Write16(&b, 8000, 1, []float32{0, 0.5}); err != nil {
		panic(err)
	}
	return b.String()
}

func Example() {
	folder := tree("recordings/7_theo_0.wav="+sound(),
		"recordings/7_theo_5.wav="+sound()) // in practice os.DirFS("fsdd")
	for clip, err := range speech.FSDD(folder) {
		if err != nil {
			fmt.Println(err)
			return
		}
		f, err := speech.Open(folder, clip.Path)
		if err != nil {
			fmt.Println(err)
			return
		}
		samples, err := audio.ReadAll(f, 10*f.Format().Rate) // at most 10 seconds
		_ = f.Close()
		fmt.Println(clip.Part, clip.Labels["digit"], clip.Labels["speaker"], samples, err)
	}
	// Output:
	// test 7 theo [0 0.5] <nil>
	// train 7 theo [0 0.5] <nil>
}

// layout is one of the five.
type layout = func(fs.FS) iter.Seq2[speech.Clip, error]

// all collects what a layout yields: clips, and errors as text.
func all(seq iter.Seq2[speech.Clip, error]) (found []speech.Clip, errs []string) {
	for c, err := range seq {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		found = append(found, c)
	}
	return found, errs
}

type labels = map[string]string

// goodCommands and the like are folders as the sets have them, with the clips in them.
var (
	commands = []string{
		"validation_list.txt=yes/0a_nohash_0.wav\r\n", "testing_list.txt=no/0b_nohash_1.wav\n",
		"README.md=", "LICENSE=", "yes/0a_nohash_0.wav=", "yes/0c_nohash_0.wav=",
		"no/0b_nohash_1.wav=", "_background_noise_/pink_noise.wav=",
		"_background_noise_/README.md=", "no/.DS_Store=", ".git/x=",
		"__MACOSX/x=", "no/._0b_nohash_1.wav=",
	}
	libri = []string{
		"SPEAKERS.TXT=;ID |SEX| SUBSET |MINUTES| NAME\n84   | F | dev-clean        |  8.02 | Christie Nowak\n60 | M | dev-clean | 20.18 | |CBW|Simon\n", "BOOKS.TXT=", ".git/x=",
		"dev-clean/84/121/84-121.trans.txt=84-121-0000 GO DO YOU HEAR\n84-121-0001 NO\n",
		"dev-clean/84/121/84-121-0000.flac=", "dev-clean/84/121/84-121-0001.flac=",
		"dev-clean/60/7/60-7.trans.txt=60-7-0000 IT'S\n", "dev-clean/60/7/60-7-0000.flac=",
	}
	lj = []string{"README=", `metadata.csv=LJ1|He said "1.|He said "one.` +
		"\nLJ2|a, \"b\"|a\u2028b\n", "wavs/LJ1.wav=", "wavs/LJ2.wav="}
	fsd50 = []string{
		"FSD50K.ground_truth/vocabulary.csv=0,Accordion,/m/0mkg\n1,Bark,/m/05tny_\n2,\"Boat_and_Water_vehicle\",/m/019jd\n",
		"FSD50K.ground_truth/dev.csv=fname,labels,mids,split\n64760,\"Bark,Accordion\",\"/m/05tny_,/m/0mkg\",train\n16399,Bark,/m/05tny_,val\n",
		"FSD50K.ground_truth/eval.csv=fname,labels,mids\n37199,Boat_and_Water_vehicle,/m/019jd\n",
		"FSD50K.dev_audio/64760.wav=", "FSD50K.dev_audio/16399.wav=",
		"FSD50K.eval_audio/37199.wav=",
	}
)

func TestLayouts(t *testing.T) {
	for name, c := range map[string]struct {
		layout layout
		files  []string
		want   []speech.Clip
	}{
		"Speech Commands": {speech.SpeechCommands, commands, []speech.Clip{
			{Path: "_background_noise_/pink_noise.wav", Part: "background",
				Labels: labels{"word": "_background_noise_"}},
			{Path: "no/0b_nohash_1.wav", Part: "test", Labels: labels{"word": "no", "speaker": "0b",
				"take": "1"}},
			{Path: "yes/0a_nohash_0.wav", Part: "validation",
				Labels: labels{"word": "yes", "speaker": "0a", "take": "0"}},
			{Path: "yes/0c_nohash_0.wav", Part: "train",
				Labels: labels{"word": "yes", "speaker": "0c", "take": "0"}},
		}},
		"LibriSpeech": {speech.LibriSpeech, libri, []speech.Clip{
			{Path: "dev-clean/60/7/60-7-0000.flac", Part: "dev-clean",
				Labels: labels{"text": "IT'S", "speaker": "60", "chapter": "7", "utterance": "0000",
					"sex": "M"}},
			{Path: "dev-clean/84/121/84-121-0000.flac", Part: "dev-clean",
				Labels: labels{"text": "GO DO YOU HEAR", "speaker": "84", "chapter": "121",
					"utterance": "0000", "sex": "F"}},
			{Path: "dev-clean/84/121/84-121-0001.flac", Part: "dev-clean",
				Labels: labels{"text": "NO", "speaker": "84", "chapter": "121", "utterance": "0001",
					"sex": "F"}},
		}},
		"LJSpeech": {speech.LJSpeech, lj, []speech.Clip{
			{Path: "wavs/LJ1.wav",
				Labels: labels{"text": `He said "1.`, "normalised": `He said "one.`}},
			{Path: "wavs/LJ2.wav", Labels: labels{"text": `a, "b"`, "normalised": "a\u2028b"}},
		}},
		"FSDD": {speech.FSDD, []string{"recordings/0_a_4.wav=", "recordings/9_b_49.wav=",
			"recordings/1_a_5.wav=", "README.md="}, []speech.Clip{
			{Path: "recordings/0_a_4.wav", Part: "test",
				Labels: labels{"digit": "0", "speaker": "a", "take": "4"}},
			{Path: "recordings/1_a_5.wav", Part: "train",
				Labels: labels{"digit": "1", "speaker": "a", "take": "5"}},
			{Path: "recordings/9_b_49.wav", Part: "train",
				Labels: labels{"digit": "9", "speaker": "b", "take": "49"}},
		}},
		"FSD50K": {speech.FSD50K, fsd50, []speech.Clip{
			{Path: "FSD50K.dev_audio/64760.wav", Part: "train",
				Tags: []string{"Bark", "Accordion"}},
			{Path: "FSD50K.dev_audio/16399.wav", Part: "validation", Tags: []string{"Bark"}},
			{Path: "FSD50K.eval_audio/37199.wav", Part: "test",
				Tags: []string{"Boat_and_Water_vehicle"}},
		}},
	} {
		got, errs := all(c.layout(tree(c.files...)))
		if errs != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v %q\nwanted %v", name, got, errs, c.want)
		}
		for _, err := range c.layout(tree(c.files...)) {
			_ = err
			break // must not call again
		}
		if _, errs := all(c.layout(tree())); len(errs) == 0 && name != "Speech Commands" {
			t.Errorf("%s: an empty folder is no error", name)
		}
	}
	classes, err := speech.FSD50KClasses(tree(fsd50...))
	if err != nil || !slices.Equal(classes,
		[]string{"Accordion", "Bark", "Boat_and_Water_vehicle"}) {
		t.Errorf("%q %v", classes, err)
	}
}

func TestWhichSetIsThatOfTheReadme(t *testing.T) {
	content, err := os.ReadFile("testdata/whichset.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.SplitSeq(strings.TrimSpace(string(content)), "\n") {
		f := strings.Fields(line)
		if a, b := speech.WhichSet("yes/"+f[0], 10, 10), speech.WhichSet(f[0], 30, 20); a != f[1] ||
			b != f[2] {
			t.Errorf("%s is in %s and %s, wanted %s and %s", f[0], a, b, f[1], f[2])
		}
		n++
	}
	if n != 200 {
		t.Errorf("%d names", n)
	}
	// Without lists the rule decides.
	first := strings.Fields(string(content))
	got, errs := all(speech.SpeechCommands(tree("yes/" + first[0] + "=")))
	if errs != nil || len(got) != 1 || got[0].Part != first[1] {
		t.Errorf("%v %q, wanted %s", got, errs, first[1])
	}
}

func TestOpen(t *testing.T) {
	folder := tree("a.wav="+sound(), "b.flac="+sound(), "short.wav="+sound()[:45], "text.wav=hello",
		"empty.wav=", "broken.flac=fLaC", "dir/x=")
	for _, name := range []string{"a.wav", "b.flac"} { // the bytes say what it is
		f, err := speech.Open(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := audio.ReadAllInts(f, 10); err != nil ||
			!slices.Equal(got, []int32{0, 16384}) {
			t.Errorf("%v %v", got, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]string{
		"short.wav":   "speech: short.wav: wav: the file ends at byte 45",
		"text.wav":    `speech: text.wav: wav: a WAV file starts with RIFF`,
		"empty.wav":   "speech: empty.wav: wav: the file is empty",
		"broken.flac": "speech: broken.flac: flac: the file ends at byte 4",
		"none.wav":    "speech: open none.wav", "../a.wav": "speech: open ../a.wav",
		"dir": "speech: dir",
	} {
		f, err := speech.Open(folder, name)
		if err == nil {
			_, err = audio.ReadAll(f, 10)
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v; wanted %q", name, err, want)
		}
	}
}
