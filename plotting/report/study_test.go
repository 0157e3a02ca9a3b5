package report_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting/report"
)

// exampleStudy has three weights of two tasks, the tasks alone, and a trial that failed.
func exampleStudy() *study.Study {
	s := &study.Study{Name: "weights <of two>", Split: history.Validation, Seconds: 61, Compilations: 1, Fit: map[string]string{"steps": "200"}, Tasks: []history.Task{
		{Name: "cls", Metrics: []history.Metric{{Name: "accuracy", HigherIsBetter: true}}}, {Name: "depth", Metrics: []history.Metric{{Name: "RMSE"}}},
	}}
	s.Objectives = study.Objectives(s.Tasks)
	add := func(setting study.Setting, accuracy, rmse float64) {
		s.Put(&study.Trial{Setting: setting, State: study.Done, Metric: map[string]map[string]float64{"cls": {"accuracy": accuracy}, "depth": {"RMSE": rmse}}})
	}
	add(study.Setting{Alone: "cls", Seed: 1}, 0.70, 0)
	add(study.Setting{Alone: "depth", Seed: 1}, 0, 0.20)
	for i, v := range [][2]float64{{0.75, 0.30}, {0.74, 0.19}, {0.60, 0.20}} {
		add(study.Setting{Weights: map[string]float64{"depth": []float64{1, 10, 100}[i]}, Seed: 1}, v[0], v[1])
	}
	s.Put(&study.Trial{Setting: study.Setting{Weights: map[string]float64{"depth": 1000}, Seed: 1}, State: study.Failed, Error: "loss of depth is NaN at step 7"})
	return s
}

func ExampleWriteStudy() {
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	files, err := report.WriteStudy(exampleStudy(), dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, file := range files {
		fmt.Println(filepath.Base(file))
	}
	// Output:
	// report.html
	// trade-off.svg
	// trade-off.png
	// chosen.svg
	// chosen.png
	// response.svg
	// response.png
	// parallel.svg
	// parallel.png
	// losses.svg
	// losses.png
}

func TestStudyPage(t *testing.T) {
	dir := t.TempDir()
	if _, err := report.WriteStudy(exampleStudy(), dir); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, report.Page))
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, address := range regexp.MustCompile(`(?:src|href)="([^"]{0,40})`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(address[1], "data:image/") {
			t.Errorf("the page needs another file: %s", address[1])
		}
	}
	for _, want := range []string{
		"<h1>weights &lt;of two&gt;</h1>", "Chosen: depth 10: highest Δm", "Failed: depth=1000,seed=1: loss of depth is NaN at step 7", "each task alone",
		"4, in 4 trials", "1m1s", `<area shape="circle"`, "depth RMSE ↓ 0.19",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	// Every map is used by the picture before it.
	for _, name := range regexp.MustCompile(`<map name="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, `usemap="#`+name[1]+`"`) {
			t.Errorf("no picture uses the map %s", name[1])
		}
	}
}

func TestStudyWithoutTrials(t *testing.T) {
	if files, err := report.WriteStudy(&study.Study{}, filepath.Join(t.TempDir(), "new")); err != nil || len(files) == 0 {
		t.Errorf("got %v and %v", files, err)
	}
}
