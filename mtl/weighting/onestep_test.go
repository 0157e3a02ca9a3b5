package weighting_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
)

// network is one of the two nets of one_step.json, with its batch.
type network struct {
	Tasks   []string
	Inputs  any
	Labels  map[string][]float64
	Weights map[string]any // by variable, such as shared/0.kernel and kind/bias
}

// Features implements mtl.Architecture: two layers with tanh, dense or convolutions of strides 1 and 2, then the mean over the picture.
func (n network) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	x := inputs[0]
	layer := func(name string) (kernel, bias *graph.Node) {
		at := scope.At(mtl.SharedScope)
		return n.variable(at, "shared/", name+".kernel").NodeValue(x), n.variable(at, "shared/", name+".bias").NodeValue(x)
	}
	for i, name := range []string{"0", "2"} {
		kernel, bias := layer(name)
		if x.Rank() == 4 {
			// The same with kernels of 3×3: GoMLX v0.28.8's gradient by the input is wrong for those of even size.
			x = graph.Convolve(x, grown(grown(kernel, 0), 1)).Strides(i + 1).PaddingPerDim([][2]int{{0, 1}, {0, 1}}).Done()
		} else {
			x = graph.MatMul(x, kernel)
		}
		x = graph.Tanh(graph.Add(x, graph.BroadcastToShape(graph.Reshape(bias, ones(x.Rank()-1, bias)...), x.Shape())))
	}
	if x.Rank() == 4 {
		x = graph.ReduceMean(x, 1, 2)
	}
	return slices.Repeat([]*graph.Node{x}, len(tasks))
}

// grown adds a zero at the end of an axis.
func grown(x *graph.Node, axis int) *graph.Node {
	return graph.Concatenate([]*graph.Node{x, graph.ZerosLike(graph.SliceAxis(x, axis, graph.AxisElem(0)))}, axis)
}

// ones is the bias's shape for x of one more axis.
func ones(leading int, bias *graph.Node) []int {
	return append(slices.Repeat([]int{1}, leading), bias.Shape().Dimensions[0])
}

func (n network) variable(scope *model.Scope, prefix, name string) *model.Variable {
	return scope.VariableWithValue(name, tensorOf(n.Weights[prefix+name]))
}

func (n network) model() *mtl.Model {
	m := &mtl.Model{Arch: n}
	for _, task := range n.Tasks {
		head := mtl.WithHead(mtl.HeadFunc(func(scope *model.Scope, x *graph.Node) *graph.Node {
			kernel, bias := n.variable(scope, task+"/", "kernel").NodeValue(x), n.variable(scope, task+"/", "bias").NodeValue(x)
			y := graph.MatMul(x, kernel)
			return graph.Add(y, graph.BroadcastToShape(graph.InsertAxes(bias, 0), y.Shape()))
		}))
		if task == "kind" {
			m.Tasks = append(m.Tasks, mtl.Classification(task, 3, head))
		} else {
			m.Tasks = append(m.Tasks, mtl.Regression(task, 1, head))
		}
	}
	return m
}

// tensorOf makes a float64 tensor of nested lists.
func tensorOf(nested any) *tensors.Tensor {
	var flat []float64
	var dims []int
	var walk func(x any, depth int)
	walk = func(x any, depth int) {
		list, isList := x.([]any)
		if !isList {
			flat = append(flat, x.(float64))
			return
		}
		if depth == len(dims) {
			dims = append(dims, len(list))
		}
		for _, item := range list {
			walk(item, depth+1)
		}
	}
	walk(nested, 0)
	return tensors.FromFlatDataAndDimensions(flat, dims...)
}

// oneStep is a case of one_step.json.
type oneStep struct {
	Net, Method, Source, Heads, Target string
	Params                             json.RawMessage
	Off                                float64
	Gradients                          map[string]any
	SGradient                          []float64 `json:"s_gradient"`
}

// weighting returns the method, and what to set before the step; nil for random methods, whose draws cannot be given, and forms that ours has not.
func (c oneStep) weighting(t *testing.T, tasks int) (w mtl.Weighting, numbers, state map[string][]float64) {
	t.Helper()
	read := func(into any) {
		if err := json.Unmarshal(c.Params, into); err != nil {
			t.Fatal(err)
		}
	}
	loss := scalarizer{Method: c.Method, Losses: make([]float64, tasks)}
	read(&loss.Params)
	if w, numbers, state = loss.weighting(); w != nil {
		return w, numbers, state
	}
	var p params
	read(&p)
	p.Eps = 0 // GradVac's 1e-8 is below the tolerance
	if c.Method == "PCD" {
		p.Eps = 1e-8
	}
	if w, numbers = p.weighting(c.Method, tasks); w != nil {
		return w, numbers, nil
	}
	m := memory{Method: c.Method}
	read(&m.Params)
	w, scalars := m.weighting(tasks)
	numbers = map[string][]float64{}
	for path, value := range scalars {
		numbers[path] = []float64{value}
	}
	var start struct {
		S           []float64
		FirstLosses []float64 `json:"first_losses"`
	}
	read(&start)
	state = map[string][]float64{}
	if start.S != nil {
		state["/mtl/imtl/log_scale"] = start.S
	}
	if start.FirstLosses != nil {
		state["/mtl/gradnorm/first_losses"] = start.FirstLosses
	}
	return w, numbers, state
}

// One step of gradient descent moves every variable as TorchJD's mtl_backward or LibMTL's backward would: trunk, heads, and what the method trains.
func TestOneStep(t *testing.T) {
	records := fixture[struct {
		About struct{ Nets map[string]network }
		Cases []oneStep
	}](t, "one_step.json")
	few := []string{"UPGrad", "NashMTL", "MoDo", "IMTL"} // on XLA, which takes a second each to compile
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		compared := map[string]bool{}
		for _, c := range records.Cases {
			net := records.About.Nets[c.Net]
			if b.Name() == "xla" && (!slices.Contains(few, c.Method) || strings.HasPrefix(c.Source, "TorchJD")) {
				continue
			}
			w, numbers, state := c.weighting(t, len(net.Tasks))
			if w == nil {
				continue
			}
			compared[c.Method] = true
			t.Run(fmt.Sprintf("%s/%s/%s%s%s", c.Net, c.Source, c.Method, c.Params, c.Target), func(t *testing.T) {
				c.check(t, b, net, w, numbers, state)
			})
		}
		if b.Name() != "xla" && len(compared) < 30 {
			t.Errorf("%d methods were compared: %v", len(compared), compared)
		}
	})
}

func (c oneStep) check(t *testing.T, b compute.Backend, net network, w mtl.Weighting, numbers, state map[string][]float64) {
	settings := mtl.Gradients{Method: w, Heads: mtl.WeightedHeads}
	if strings.HasPrefix(c.Heads, "raw") {
		settings.Heads = mtl.RawHeads
	}
	if c.Target == "representation" {
		settings.Target = mtl.Representation{}
	}
	store, m := model.NewStore(), net.model()
	sgd := optimizer.StochasticGradientDescent().WithDecay(false).WithLearningRate(1).Done()
	exec, err := model.NewExec(b, store, func(scope *model.Scope, in []*graph.Node) []*graph.Node {
		total := m.Loss(in[1:], m.Graph(scope, nil, in[:1]))
		mtl.Optimizer(settings, sgd).UpdateGraph(scope, total.Graph(), total)
		return []*graph.Node{total}
	})
	if err != nil {
		t.Fatal(err)
	}
	inputs := []*tensors.Tensor{tensorOf(net.Inputs)}
	for _, task := range net.Tasks {
		if task == "kind" {
			classes := make([]int32, len(net.Labels[task]))
			for i, x := range net.Labels[task] {
				classes[i] = int32(x)
			}
			inputs = append(inputs, tensors.FromValue(classes))
		} else {
			inputs = append(inputs, tensors.FromValue(net.Labels[task]))
		}
	}
	var of []shapes.Shape
	var args []any
	for _, x := range inputs {
		of, args = append(of, x.Shape()), append(args, x)
	}
	if _, err = exec.Compile(of...); err == nil {
		err = store.InitializeVariables(b, nil)
	}
	for path, values := range numbers {
		if err == nil {
			err = mtl.SetHyperparameter(store, path, values...)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for path, values := range state {
		if len(values) == 0 {
			continue
		}
		v := store.GetVariable(path)
		value := tensors.FromValue(values)
		if v.Shape().IsScalar() {
			value = tensors.FromValue(int32(values[0]))
		}
		if err := v.SetValue(value); err != nil {
			t.Fatal(err)
		}
	}
	before := numbersOf(t, store)
	if _, err := exec.Call(args...); err != nil {
		t.Fatal(err)
	}
	after := numbersOf(t, store)

	want, size := map[string][]float64{}, 0.0
	for name, nested := range c.Gradients {
		flat := tensors.MustCopyFlatData[float64](tensorOf(nested))
		task, rest, _ := strings.Cut(name, "/")
		path := "/" + name
		if task != mtl.SharedScope {
			path = "/task/" + task + "/head/" + rest
		} else {
			for _, x := range flat {
				size = math.Max(size, math.Abs(x))
			}
		}
		if c.Method == "SDMGrad" && task != mtl.SharedScope {
			for i := range flat {
				flat[i] /= 3 // LibMTL sums over the three batches
			}
		}
		want[path] = flat
	}
	for path := range before {
		if c.SGradient != nil && (strings.HasSuffix(path, "/log_scale") || strings.HasSuffix(path, "/log_variance") || strings.HasSuffix(path, "/gradnorm/scale")) {
			want[path] = c.SGradient
		}
	}
	for path, gradient := range want {
		for i, g := range gradient {
			got := before[path][i] - after[path][i]
			tolerance := 1e-7 * (1 + math.Abs(g))
			if strings.HasPrefix(path, "/shared/") {
				tolerance = (1e-7 + 5*c.Off) * (1 + size)
			}
			if !(math.Abs(got-g) <= tolerance) {
				t.Errorf("%s[%d] has the gradient %v, want %v", path, i, got, g)
				break
			}
		}
	}
}

// numbersOf returns the store's float64 variables.
func numbersOf(t *testing.T, store *model.Store) map[string][]float64 {
	t.Helper()
	values := map[string][]float64{}
	for v := range store.IterVariables() {
		if flat, err := tensors.CopyFlatData[float64](v.MustValue()); err == nil {
			values[v.Path()] = flat
		}
	}
	return values
}
