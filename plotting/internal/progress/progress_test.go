package progress

import (
	"errors"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
)

func TestLine(t *testing.T) {
	var fresh, resumed, done State
	fresh.Advance(10, 5000, 3) // the first call may have waited for the compiler: it tells no speed
	first := fresh.Line()
	fresh.Advance(1210, 5000, 15)
	resumed.Advance(4000, 5000, 7200)
	resumed.Advance(4500, 5000, 7210)
	done.Advance(1, 2, 1)
	done.Advance(2, 2, 2)
	for _, c := range []struct{ got, want string }{
		{first, "step 10 of 5,000 · 0:03"},
		{fresh.Line(), "step 1,210 of 5,000 · 0:15 · about 0:38 left"},
		{resumed.Line(), "step 4,500 of 5,000 · 2:00:10 · about 0:10 left"},
		{done.Line(), "step 2 of 2 · 0:02"},
		{done.Summary(nil), "2 steps in 0:02"},
		{(&State{}).Summary(errors.New("why")), "stopped before a step of this session: why"},
		{(&State{Run: history.Run{Name: "a"}, Begun: true, Step: 7, Steps: 1234567}).Summary(errors.New("why")), "a: stopped at step 7 of 1,234,567 after 0:00: why"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
