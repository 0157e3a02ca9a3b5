package mtl

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/history"
)

// triesEnv is how often two processes meet in a folder, by default a few times.
const triesEnv = "MTL_TEST_TRIES"

// Two processes on one run folder: one trains, the other is refused in one sentence, and what is in the
// folder at the end is the run that the first one trained, as if it had been alone.
func TestTwoProcesses(t *testing.T) {
	tries, err := strconv.Atoi(os.Getenv(triesEnv))
	if err != nil {
		tries = 3
	}
	b := backendtest.Go(t)
	records, variables := map[int64][]history.Record{}, map[int64]map[string]string{}
	for seed := int64(1); seed <= 2; seed++ {
		m, data, options := childOptions(b)
		options.Seed = seed
		h, err := Fit(context.Background(), m, data, options)
		if err != nil {
			t.Fatal(err)
		}
		records[seed], variables[seed] = h.Records, values(t, options.Store)
	}
	for name, seeds := range map[string][2]int64{"same call": {1, 1}, "other seed": {1, 2}} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, late %v", name, late), func(t *testing.T) {
				for range tries {
					dir := t.TempDir()
					errs := together(t, dir, seeds, late)
					h, err := history.Load(dir)
					if err != nil {
						t.Fatal(err)
					}
					sameRecords(t, h.Records, records[h.Run.Seed])
					store := model.NewStore()
					if err := LoadCheckpoint(store, dir, "last"); err != nil {
						t.Fatal(err)
					}
					if !maps.Equal(values(t, store), variables[h.Run.Seed]) {
						t.Errorf("the variables are not those of seed %d", h.Run.Seed)
					}
					refused := 0
					for i, message := range errs {
						switch {
						case message == "" && seeds[i] == h.Run.Seed:
						case strings.Contains(message, "is in use by "), strings.Contains(message, "holds another run: its seed is"):
							refused++
						default:
							t.Errorf("process %d of seed %d, with seed %d in the folder, ended with %q", i, seeds[i], h.Run.Seed, message)
						}
					}
					if refused > 1 || refused == 0 && seeds[0] != seeds[1] {
						t.Errorf("%d processes were refused: %q", refused, errs)
					}
				}
			})
		}
	}
}

// together runs two child processes on a folder, the second one at once or when the first is under way, and
// returns their errors, empty where one came through.
func together(t *testing.T, dir string, seeds [2]int64, late bool) (errs [2]string) {
	var group sync.WaitGroup
	underWay := make(chan struct{})
	for i, seed := range seeds {
		group.Go(func() {
			if late && i == 1 {
				<-underWay
			}
			begun := sync.OnceFunc(func() { close(underWay) })
			child(t, func(text string, _ func()) {
				if message, found := strings.CutPrefix(text, "error "); found {
					errs[i] = message
				}
				if i == 0 && strings.HasPrefix(text, "step ") {
					begun()
				}
			}, childDir+"="+dir, childBackend+"=go", childSeed+"="+strconv.FormatInt(seed, 10))
			if i == 0 {
				begun()
			}
		})
	}
	group.Wait()
	return errs
}
