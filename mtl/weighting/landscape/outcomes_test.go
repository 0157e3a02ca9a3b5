package landscape_test

import (
	"math"
	"testing"

	"github.com/gomtl/gomtl/mtl/weighting/landscape"
)

// near enough to have arrived: some methods never come to rest.
const arrived = 0.2

// outcome of a path's end, in the letters of methods.
func outcome(end [2]float64) byte {
	middle := landscape.ParetoSet(3)[1]
	switch {
	case math.Hypot(end[0]-middle[0], end[1]-middle[1]) <= arrived:
		return 'm'
	case landscape.ParetoDistance(end[0], end[1]) <= arrived:
		return 'p'
	}
	return 'w'
}

func TestOutcomes(t *testing.T) {
	for _, m := range methods {
		t.Run(m.title(), func(t *testing.T) {
			t.Parallel()
			for i, path := range m.paths(t) {
				end := path[len(path)-1]
				if math.IsNaN(end[0]) || math.IsNaN(end[1]) {
					t.Errorf("from %v θ is %v after %d steps", path[0], end, m.steps)
				}
				got, want := outcome(end), m.outcomes[i]
				if got != want && want != '?' && !(want == 'p' && got == 'm') {
					t.Errorf("from %v it ends at %v after %d steps, outcome %c; want %c", path[0], end, m.steps, got, want)
				}
			}
		})
	}
}
