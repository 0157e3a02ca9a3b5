package mtl

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gomlx/gomlx/ml/model"
)

// ScopeOf is the scope of a task's own variables, "task/NAME".
func ScopeOf(root *model.Scope, task string) *model.Scope {
	return root.At(TaskScope).At("%s", ScopeName(task))
}

// ScopeName is the part of a path that stands for a task, for the variables of that task alone. A name of ASCII letters, digits and " ", "-", "." and "_" stands for
// itself. Any other gets a hash behind what of it can be in a path: "a/b" is "a_b_" and eight digits. A name has the same path in every model.
func ScopeName(task string) string {
	readable := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" -._", r) {
			return r
		}
		return '_'
	}, task)
	ascii := strings.IndexFunc(readable, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
	if readable == task && ascii && strings.Trim(task, ".") != "" {
		return task
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(task)) // never fails
	return fmt.Sprintf("%s_%08x", readable, hash.Sum32())
}

// parameterName is what a backend makes of a path: XLA knows ASCII letters, digits and "_" alone.
func parameterName(path string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '_'
	}, path)
}

// checkNames reports task names that cannot be, or that cannot stand together.
func checkNames(tasks []Task) error {
	seen := map[string]string{}
	for i := range tasks {
		name := tasks[i].Name
		if !utf8.ValidString(name) {
			return fmt.Errorf("mtl: the task name %q is not valid UTF-8: give the task a name that is", name)
		}
		key := parameterName(ScopeName(name))
		switch other, found := seen[key]; {
		case found && other == name:
			return fmt.Errorf("mtl: two tasks are named %q: names must be unique in a model", name)
		case found:
			return fmt.Errorf("mtl: the tasks %q and %q cannot stand in one model, because the parameters of both would be named %q: rename one", other, name, key)
		}
		seen[key] = name
	}
	return nil
}
