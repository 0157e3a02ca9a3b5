package interpose

import (
	"os"
	"regexp"
	"slices"
	"strings"
)

// settings returns those environment variables that steer XLA's compiler, in a fixed order.
func settings(environment []string) (found []string) {
	for _, variable := range environment {
		for _, prefix := range []string{"XLA_", "TF_", "NVIDIA_TF32_OVERRIDE="} {
			if strings.HasPrefix(variable, prefix) {
				found = append(found, variable)
			}
		}
	}
	slices.Sort(found)
	return found
}

// dumps reports whether XLA is asked to write down what it compiles: it must compile for that.
func dumps() bool {
	return strings.Contains(os.Getenv("XLA_FLAGS")+os.Getenv("XLA_DEBUG_OPTIONS"), "xla_dump")
}

var module = regexp.MustCompile(`module @"?([^\s"{]+)`)

// nameOf returns the name that a program has in its text, "" where it has none.
func nameOf(code []byte) string {
	if found := module.FindSubmatch(code[:min(len(code), 1<<10)]); found != nil {
		return string(found[1])
	}
	return ""
}
