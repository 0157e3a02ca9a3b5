package compilation_test

import (
	"sync"
	"testing"
	"time"

	"github.com/gomtl/gomtl/mtl/compilation"
)

func TestCount(t *testing.T) {
	before := compilation.Total()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			compilation.Compiled(300 * time.Millisecond)
			compilation.Loaded(50 * time.Millisecond)
		})
	}
	group.Wait()
	got := compilation.Since(before)
	want := compilation.Count{Compiled: 8, Loaded: 8, CompileTime: 2400 * time.Millisecond, LoadTime: 400 * time.Millisecond}
	if got != want {
		t.Errorf("%+v; wanted %+v", got, want)
	}
}

func TestString(t *testing.T) {
	for want, c := range map[string]compilation.Count{
		"":                       {},
		"compiled in 2.4 s":      {Compiled: 3, CompileTime: 2400 * time.Millisecond},
		"compiled before, 0.1 s": {Loaded: 2, LoadTime: 120 * time.Millisecond},
		"1 of 3 programs compiled before, the others in 1.0 s": {Loaded: 1, Compiled: 2, CompileTime: time.Second},
	} {
		if got := c.String(); got != want {
			t.Errorf("%+v is %q; wanted %q", c, got, want)
		}
	}
}
