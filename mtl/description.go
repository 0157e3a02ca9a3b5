package mtl

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl/internal/describe"
)

// Description is what the numbers of a training depend on, but for its seed and length, by name: architecture, tasks, weighting, optimiser, batches and data, in words
// that are the same in every process. Two trainings of which a part differs are not to be continued as one, nor compared as one. Functions, such as losses, are
// known by their names and by the graph that they build; a Stream is not looked at.
func Description(m *Model, data Data, opts FitOptions) map[string]string {
	batch := opts.BatchSize
	if batch <= 0 {
		batch = defaultBatch
	}
	if rows := data.Train.Len(); rows > 0 {
		batch = min(batch, rows)
	}
	opts.BatchSize = batch
	said := describeTraining(m, opts)
	said[forwardPass] = describeForwardPass(m, data.Train, opts)
	said["training data"] = describeSplit(data.Train, m)
	said["validation data"] = describeSplit(data.Validation, m)
	return said
}

// describeTraining is Description without the data. The batch size must be known.
func describeTraining(m *Model, opts FitOptions) map[string]string {
	said := map[string]string{
		"architecture": describe.Value(m.Arch),
		"weighting":    describeWeighting(opts.Weighting),
		"optimiser":    describeRate(opts),
		"schedule":     describe.Value(opts.Schedule),
		"batch size":   fmt.Sprint(opts.BatchSize),
	}
	if opts.Accumulate > 1 {
		said["batch size"] += fmt.Sprintf(" in %d parts", opts.Accumulate)
	}
	for i := range m.Tasks {
		t := &m.Tasks[i]
		text := fmt.Sprintf("%s, head %s, loss %s, metrics %s", t.Kind, describe.Value(t.Head), describe.Value(t.Loss), describe.Value(t.Metrics))
		if t.IgnoreLabel != nil {
			text += fmt.Sprintf(", without labels of %d", *t.IgnoreLabel)
		}
		said[fmt.Sprintf("task %q", t.Name)] = text
	}
	return said
}

func describeWeighting(w Weighting) string {
	if w == nil {
		return "equal"
	}
	if named, ok := w.(fmt.Stringer); ok {
		return named.String()
	}
	return describe.Value(w)
}

func describeRate(o FitOptions) string {
	text, adam := describe.Value(o.Optimizer), describe.Value(optimizer.Adam().Done())
	if o.Optimizer == nil || text == adam {
		text = "adam"
	}
	if o.LearningRate != 0 {
		text += fmt.Sprintf(", learning rate %v", o.LearningRate)
	}
	if o.ClipNorm != 0 {
		text += fmt.Sprintf(", gradient norm at most %v", o.ClipNorm)
	}
	return text
}

// describeSplit is the number of examples and a hash of what the tasks use of them: inputs, labels and masks.
func describeSplit(s *Split, m *Model) string {
	if s == nil {
		return "none"
	}
	var b strings.Builder
	for _, input := range s.Inputs {
		fmt.Fprintln(&b, "input", describe.Tensor(input))
	}
	for _, name := range slices.Sorted(slices.Values(m.TaskNames())) {
		if labels := s.Labels[name]; labels != nil {
			fmt.Fprintf(&b, "%q %s %s\n", name, describe.Tensor(labels), describe.Tensor(s.Masks[name]))
		}
	}
	sum := sha256.Sum256([]byte(b.String()))
	return fmt.Sprintf("%d examples, SHA-256 %s", s.Len(), hex.EncodeToString(sum[:8]))
}

// Differences lists what two descriptions do not agree on, sorted by name: "architecture: A; asked for: B".
func Differences(saved, asked map[string]string) (differences []string) {
	names := slices.Concat(slices.Collect(maps.Keys(saved)), slices.Collect(maps.Keys(asked)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		a, b := saved[name], asked[name]
		if a == b || name == forwardPass {
			continue
		}
		if a == "" {
			a = "not said"
		}
		if b == "" {
			b = "not said"
		}
		differences = append(differences, fmt.Sprintf("%s: %s; asked for: %s", name, a, b))
	}
	a, b := saved[forwardPass], asked[forwardPass]
	if len(differences) == 0 && a != b && a != unknown && b != unknown { // else it follows from the others
		differences = append(differences, fmt.Sprintf("%s: %s; asked for: %s: a function in it, such as a loss or a trunk, "+
			"was made with other constants", forwardPass, a, b))
	}
	return differences
}
