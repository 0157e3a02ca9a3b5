package plotting

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
)

func syntheticRun(tasks, steps int) *history.History {
	rng := rand.New(rand.NewPCG(1, 2))
	h := &history.History{Run: history.Run{Name: "multidigits, equal weights", Steps: steps}}
	names := []string{"left digit", "right digit", "segmentation", "ink", "a task with quite a long name to show", "t6", "t7", "t8", "t9", "t10", "t11", "twelve"}
	for i := range tasks {
		h.Run.Tasks = append(h.Run.Tasks, history.Task{Name: names[i]})
	}
	for s := 1; s <= steps; s++ {
		r := history.Record{Step: s, Split: history.Train, Loss: map[string]float64{}, Weight: map[string]float64{}}
		for i := range tasks {
			t := float64(s) / float64(steps)
			r.Loss[names[i]] = math.Pow(10, -float64(i%4)) * (2.3*math.Exp(-4*t) + 0.08) * (1 + 0.15*rng.NormFloat64())
			r.Weight[names[i]] = 1 + 0.5*math.Sin(t*3+float64(i))
		}
		h.Records = append(h.Records, r)
		if s%(max(1, steps/20)) == 0 {
			v := history.Record{Step: s, Split: history.Validation, Loss: map[string]float64{}, Metric: map[string]map[string]float64{}}
			for i := range tasks {
				v.Loss[names[i]] = r.Loss[names[i]]*1.2 + 0.02
				kind := []string{"accuracy", "accuracy", "mIoU", "R2"}[i%4]
				v.Metric[names[i]] = map[string]float64{kind: 1 - math.Exp(-5*float64(s)/float64(steps)) - 0.02*float64(i) + 0.01*rng.NormFloat64()}
				if i%4 == 3 {
					v.Metric[names[i]]["RMSE"] = v.Loss[names[i]]
				}
			}
			h.Records = append(h.Records, v)
		}
	}
	return h
}

func TestLook(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 12} {
		h := syntheticRun(n, 3000)
		g, k := syntheticRun(n, 2000), syntheticRun(n, 2500)
		g.Run.Name, k.Run.Name = "uncertainty", "dynamic weight average"
		for name, f := range map[string]*Figure{"weights": Weights{}.Figure(h), "metrics": Metrics{}.Figure(h), "compare": Compare{}.Figure(h, g, k)} {
			if err := f.Save(filepath.Join(os.TempDir(), "look", fmt.Sprintf("%s%d.png", name, n))); err != nil {
				t.Error(err)
			}
		}
		for _, log := range []bool{false, true} {
			f := Losses{Log: log}.Figure(syntheticRun(n, 3000))
			for _, e := range []string{"svg", "png", "html"} {
				if err := f.Save(filepath.Join(os.TempDir(), "look", fmt.Sprintf("losses%d-%v.%s", n, log, e))); err != nil {
					t.Error(err)
				}
			}
		}
	}
}
