package tracking

import (
	"regexp"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// MLflow's rule for names (validate_param_and_metric_name and path_not_unique), less "/" and the colon, which Windows does not take.
var mlflowName = regexp.MustCompile(`^[\pL\pN_ .-]+$`)

func TestPortable(t *testing.T) {
	seen := map[string]string{}
	one := func(name string) {
		got := portable(name)
		if !mlflowName.MatchString(got) || got[0] == '.' || len(got) > 100 || !utf8.ValidString(got) {
			t.Errorf("%q becomes %q", name, got)
		}
		if other, taken := seen[got]; taken && other != name {
			t.Errorf("%q and %q both become %q", name, other, got)
		}
		seen[got] = name
	}
	for _, name := range []string{"", ".", "..", "a", "a/b", "a_b", "a:b", "\xff\xfe", "\xff", "_", "数字", string(make([]byte, 300))} {
		one(name)
	}
	rapid.Check(t, func(r *rapid.T) {
		one(rapid.OneOf(rapid.String(), rapid.StringMatching(`[ab/.]{1,4}|[é]{40,60}`)).Draw(r, "name"))
	})
	for _, name := range []string{"cls", "macro-F1", "top 5", "数字", "v1.2", "a.", " a "} {
		if got := portable(name); got != name {
			t.Errorf("%q becomes %q for no reason", name, got)
		}
	}
}
