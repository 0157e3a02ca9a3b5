package programs

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	home := t.TempDir()
	t.Setenv("GOMTL_HOME", home)
	for _, c := range []struct {
		folder, limit string
		dir           string // "" for none
		bytes         int64
		err           string
	}{
		{dir: filepath.Join(home, "programs"), bytes: 2 << 30},
		{folder: "/a/../b c", limit: "3", dir: "/b c", bytes: 3 << 20},
		{folder: "off"},
		{folder: "off", limit: "nonsense"},
		{folder: "relative", err: "absolute"},
		{folder: "~/programs", err: "absolute"},
		{folder: "/a", limit: "0", err: "whole number of megabytes"},
		{folder: "/a", limit: "2GB", err: "whole number of megabytes"},
	} {
		t.Setenv(Env, c.folder)
		t.Setenv(LimitEnv, c.limit)
		s, err := FromEnvironment()
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%+v: error %v", c, err)
			}
		case err != nil:
			t.Errorf("%+v: %v", c, err)
		case c.dir == "":
			if s != nil {
				t.Errorf("%+v: a store in %s", c, s.Dir())
			}
		case s.Dir() != c.dir || s.Limit() != c.bytes:
			t.Errorf("%+v: %s with %d bytes", c, s.Dir(), s.Limit())
		}
	}
}
