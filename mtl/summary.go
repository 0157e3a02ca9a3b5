package mtl

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Summary describes a model: its layers, what each task sees and predicts, and how many parameters are shared. String prints it as
// tables.
type Summary struct {
	Layers []LayerSummary
	Tasks  []TaskSummary
	// Shared is the number of trainable parameters under scope "shared", Total that of all; Total less Shared and the tasks' own belongs
	// to variables outside both scopes.
	Shared, Total int
	// Fixed is the number of values that are not trained, such as the moving averages of batch normalisation.
	Fixed int
}

// LayerSummary describes the variables of one scope.
type LayerSummary struct {
	Scope string
	// Owner is "shared", the name of a task, or "" for variables outside both scopes.
	Owner string
	// Variables are the names and shapes, such as "weights [64 10]".
	Variables []string
	// Parameters is the number of trainable values, Fixed that of the others.
	Parameters, Fixed int
}

// TaskSummary describes one task.
type TaskSummary struct {
	Name string
	Kind Kind
	// Representation and Predictions are the shapes of the head's input and output, axis 0 being the batch.
	Representation, Predictions []int
	// Parameters is the number of trainable values that belong to this task alone.
	Parameters int
}

// Summarize builds the graph of the model on a store of its own, without training, compiling or running anything. Of split only the shapes of
// the inputs count. store, which may be nil, gives the hyperparameters that layers read from it; its variables are neither read nor changed.
func Summarize(backend compute.Backend, store *model.Store, m *Model, split *Split) (*Summary, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if split.Len() == 0 {
		return nil, fmt.Errorf("mtl: a summary needs a split with at least one example, for the shapes of the inputs")
	}
	scratch := model.NewStore()
	if store != nil {
		for path, value := range store.IterParams() {
			scratch.SetParam(path, value)
		}
	}
	summary := &Summary{}
	err := try(func() {
		g := graph.NewGraph(backend, "summary")
		defer g.Finalize()
		model.SetStore(g, scratch)
		inputs := make([]*graph.Node, len(split.Inputs))
		for i, x := range split.Inputs {
			shape := x.Shape().Clone()
			shape.Dimensions[0] = 1
			inputs[i] = graph.Parameter(g, fmt.Sprintf("input_%d", i), shape)
		}
		arch := &watched{Architecture: m.Arch}
		predictions := (&Model{Arch: arch, Tasks: m.Tasks}).Graph(scratch.RootScope(), nil, inputs)
		for i := range m.Tasks {
			summary.Tasks = append(summary.Tasks, TaskSummary{
				Name:           m.Tasks[i].Name,
				Kind:           m.Tasks[i].Kind,
				Representation: slices.Clone(arch.features[i].Shape().Dimensions),
				Predictions:    slices.Clone(predictions[i].Shape().Dimensions),
			})
		}
	})
	if err != nil {
		return nil, err
	}
	for v := range scratch.IterVariables() {
		summary.add(v)
	}
	return summary, nil
}

// watched remembers the representations that an architecture returned.
type watched struct {
	Architecture
	features []*graph.Node
}

func (w *watched) Features(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node {
	w.features = w.Architecture.Features(scope, inputs, tasks)
	return w.features
}

func (s *Summary) add(v *model.Variable) {
	if isTaskNames(v) {
		return
	}
	scope := strings.TrimPrefix(v.Scope(), "/")
	at := slices.IndexFunc(s.Layers, func(l LayerSummary) bool { return l.Scope == scope })
	if at < 0 {
		at = len(s.Layers)
		s.Layers = append(s.Layers, LayerSummary{Scope: scope})
	}
	layer := &s.Layers[at]
	layer.Variables = append(layer.Variables, v.Name()+" "+dimensions(v.Shape()))
	trainable, size := 0, v.Shape().Size()
	if v.Trainable {
		trainable = size
	}
	layer.Parameters += trainable
	layer.Fixed += size - trainable
	s.Total += trainable
	s.Fixed += size - trainable
	parts := strings.Split(scope, "/")
	switch {
	case parts[0] == SharedScope:
		layer.Owner = SharedScope
		s.Shared += trainable
	case parts[0] == TaskScope && len(parts) > 1:
		for i := range s.Tasks {
			if ScopeName(s.Tasks[i].Name) == parts[1] {
				layer.Owner = s.Tasks[i].Name
				s.Tasks[i].Parameters += trainable
			}
		}
	}
}

func dimensions(shape shapes.Shape) string {
	return strings.ReplaceAll(fmt.Sprint(shape.Dimensions), " ", "×")
}

// String prints the layers, the tasks and the totals.
func (s *Summary) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(name, what, count, of string) { fmt.Fprintf(w, "%s\t%s\t%11s\t%s\n", name, what, count, of) }
	gap := func() { fmt.Fprintln(w) }
	row("layer", "variables", "parameters", "of")
	for _, l := range s.Layers {
		row(l.Scope, strings.Join(l.Variables, ", "), grouped(l.Parameters), l.Owner)
	}
	gap()
	row("task", "representation → predictions", "parameters", "kind")
	for _, t := range s.Tasks {
		row(t.Name, perExample(t.Representation)+" → "+perExample(t.Predictions), grouped(t.Parameters), string(t.Kind))
	}
	own := 0
	for _, t := range s.Tasks {
		own += t.Parameters
	}
	gap()
	row("shared", "", grouped(s.Shared), share(s.Shared, s.Total))
	row("of one task", "", grouped(own), share(own, s.Total))
	if other := s.Total - s.Shared - own; other != 0 {
		row("of neither", "", grouped(other), share(other, s.Total))
	}
	row("total", "", grouped(s.Total), "")
	if s.Fixed != 0 {
		row("not trained", "", grouped(s.Fixed), "")
	}
	_ = w.Flush() // A strings.Builder takes everything.
	return b.String()
}

// perExample prints a shape with the batch in place of its first number.
func perExample(dims []int) string {
	text := "[batch"
	for _, d := range dims[min(1, len(dims)):] {
		text += fmt.Sprintf("×%d", d)
	}
	return text + "]"
}

func share(part, total int) string {
	if total == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(total))
}

// grouped prints a count with commas between thousands.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
