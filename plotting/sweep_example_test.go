package plotting_test

import (
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting"
)

func ExampleTradeOff() {
	if err := (plotting.TradeOff{}).Figure(exampleStudy()).Save("trade-off.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleChosen() {
	if err := (plotting.Chosen{}).Figure(exampleStudy()).Save("chosen.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleSweepLosses() {
	if err := (plotting.SweepLosses{Log: true}).Figure(exampleStudy()).Save("sweep-losses.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleResponse() {
	if err := (plotting.Response{}).Figure(exampleStudy()).Save("response.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleSimplex() {
	if err := (plotting.Simplex{}).Figure(simplexStudy()).Save("simplex.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleParallel() {
	if err := (plotting.Parallel{}).Figure(fiveTaskStudy()).Save("parallel.png"); err != nil {
		log.Fatal(err)
	}
}

func ExampleSweepTable() {
	s := exampleStudy()
	s.Trials = s.Trials[:3] // one setting of three seeds
	if err := plotting.SweepTable(s).WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// setting          seeds  cls accuracy ↑  seg mIoU ↑      Δm task-mean % ↑  Δm metric-mean % ↓
	// ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
	// each task alone  3      0.4172 ± 0.018  0.6923 ± 0.05   0                 0
	// seg 1            3      0.5029 ± 0.02   0.4751 ± 0.001  -5.4 ± 2.5        +5.4 ± 2.5          *, chosen, best cls, best seg
}

func TestSweepExamples(t *testing.T) {
	for name, example := range map[string]func(){
		"trade-off": ExampleTradeOff, "chosen": ExampleChosen, "sweep-losses": ExampleSweepLosses, "response": ExampleResponse, "simplex": ExampleSimplex, "parallel": ExampleParallel,
	} {
		t.Run(name, func(t *testing.T) { checkGolden(t, name, example) })
	}
}

// hardStudies break layouts: nothing yet, one trial, running, failed and dropped ones, figures that are not finite or all equal, 100 settings, twelve tasks, long names, no baselines.
func hardStudies() map[string]*study.Study {
	return map[string]*study.Study{
		"empty": {}, "planned": runningStudy(study.Pending), "running": runningStudy(study.Running), "failed": runningStudy(study.Failed),
		"mixed": runningStudy(study.Done, study.Done, study.Running, study.Dropped, study.Failed, study.Pending), "paused": runningStudy(study.Paused),
		"one-trial": oneTrial(), "equal": equalValues(), "no-figures": noFigures(), "100-settings": manySettings(), "12-tasks": longNames(),
		"2-tasks": exampleStudy(), "3-tasks": simplexStudy(), "5-tasks": fiveTaskStudy(),
	}
}

// TestHardStudies compares the pictures that are most likely to go wrong.
func TestHardStudies(t *testing.T) {
	studies := hardStudies()
	for plot, pictures := range map[string]struct {
		plot    plotting.SweepPlot
		studies []string
	}{
		"trade-off":    {plotting.TradeOff{}, []string{"planned", "one-trial", "mixed", "equal", "100-settings", "3-tasks", "5-tasks", "12-tasks"}},
		"chosen":       {plotting.Chosen{}, []string{"planned", "one-trial", "no-figures", "3-tasks", "12-tasks"}},
		"sweep-losses": {plotting.SweepLosses{}, []string{"planned", "running", "mixed", "12-tasks"}},
		"each-loss":    {plotting.SweepLosses{Each: true, Split: "train", By: "cls"}, []string{"mixed"}},
		"response":     {plotting.Response{}, []string{"one-trial", "mixed", "equal", "100-settings", "3-tasks", "12-tasks"}},
		"rate":         {plotting.Response{By: study.LearningRate}, []string{"5-tasks"}},
		"simplex":      {plotting.Simplex{}, []string{"equal", "no-figures"}},
		"lower":        {plotting.Simplex{Of: "ink"}, []string{"3-tasks"}},
		"parallel":     {plotting.Parallel{}, []string{"planned", "one-trial", "mixed", "100-settings", "12-tasks"}},
	} {
		for _, name := range pictures.studies {
			name, s := "hard-"+plot+"-"+name, studies[name]
			t.Run(name, func(t *testing.T) {
				checkGolden(t, name, func() {
					if err := pictures.plot.Figure(s).Save(name + ".png"); err != nil {
						t.Fatal(err)
					}
				})
			})
		}
	}
}

// TestEveryPlotOfEveryStudy draws the rest too: a picture, or an error that says what was wanted.
func TestEveryPlotOfEveryStudy(t *testing.T) {
	for name, s := range hardStudies() {
		suited := map[string]bool{}
		for _, p := range plotting.SweepPlots(s) {
			suited[fmt.Sprintf("%T", p)] = true
		}
		for _, p := range []plotting.SweepPlot{plotting.TradeOff{}, plotting.Chosen{}, plotting.SweepLosses{Each: true, Log: true}, plotting.Response{}, plotting.Simplex{}, plotting.Parallel{}} {
			f := p.Figure(s)
			switch err := f.WriteSVG(io.Discard); {
			case err == nil && !strings.HasSuffix(f.String(), "."):
				t.Errorf("%s, %T: the text is %q; wanted sentences", name, p, f)
			case err != nil && suited[fmt.Sprintf("%T", p)]:
				t.Errorf("%s: %T should suit it: %v", name, p, err)
			case err != nil && !strings.Contains(err.Error(), "want "):
				t.Errorf("%s, %T: the error does not say what was wanted: %v", name, p, err)
			}
		}
	}
}

func TestSweepPlotsOfBadFields(t *testing.T) {
	s := exampleStudy()
	for want, f := range map[string]*plotting.Figure{
		`want a task (["cls" "seg"])`:   plotting.SweepLosses{By: "depth"}.Figure(s),
		`or a hyper-parameter`:          plotting.Response{By: "cagrad/c"}.Figure(s),
		`want one of the objectives`:    plotting.TradeOff{X: "depth"}.Figure(s),
		`two different objectives`:      plotting.TradeOff{X: "seg", Y: "seg mIoU"}.Figure(s),
		`got "depth"`:                   plotting.Parallel{Of: "depth"}.Figure(s),
		`a study of three tasks, got 2`: plotting.Simplex{}.Figure(s),
	} {
		if err := f.Err(); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "plotting: ") {
			t.Errorf("got %v; wanted an error with %q", err, want)
		}
	}
}
