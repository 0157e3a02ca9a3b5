package weightingtest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/internal/weigh"
	"github.com/gomtl/gomtl/mtl"
)

// finite runs through what gradients should not be, but are some day.
func (s *subject) finite(t *testing.T) {
	for _, dtype := range []dtypes.DType{dtypes.Float64, dtypes.Float32} {
		for _, tasks := range []int{1, 3, 40} {
			for name, state := range degenerate(tasks) {
				next := ordinary(tasks, 1)[0]
				for i, r := range s.steps(dtype, state, next) {
					what := fmt.Sprintf("%s, %d tasks, %s, step %d", name, tasks, dtype, i)
					checkFinite(t, what, r)
					if i == 0 {
						checkLeftOut(t, what, state, r)
					}
				}
			}
		}
	}
}

// degenerate returns states with something wrong, by name.
func degenerate(tasks int) map[string]weigh.State {
	states := map[string]weigh.State{}
	add := func(name string, change func(t int, row []float64) []float64) weigh.State {
		state := ordinary(tasks, 1)[0]
		for t, row := range state.Jacobian {
			state.Jacobian[t] = change(t, row)
		}
		states[name] = state
		return state
	}
	first := add("ordinary", func(_ int, row []float64) []float64 { return row }).Jacobian[0]
	scaled := func(by float64) []float64 { return times([][]float64{first}, []float64{by})[0] }
	add("zero", func(int, []float64) []float64 { return scaled(0) })
	add("equal rows", func(int, []float64) []float64 { return scaled(1) })
	add("opposite rows", func(t int, _ []float64) []float64 { return scaled(1 - 2*float64(t%2)) })
	add("one line", func(t int, _ []float64) []float64 { return scaled(float64(t) - 1) })
	add("one row not zero", func(t int, row []float64) []float64 {
		return times([][]float64{row}, []float64{float64((t + 1) % 2)})[0]
	})
	for _, size := range []float64{1e-10, 1e-4, 1e15} {
		add(fmt.Sprint("rows of size ", size), func(_ int, row []float64) []float64 { return times([][]float64{row}, []float64{size})[0] })
	}
	add("one huge row", func(t int, row []float64) []float64 {
		return times([][]float64{row}, []float64{1 + 1e12*float64((t+1)/tasks)})[0]
	})
	for _, broken := range []float64{math.NaN(), math.Inf(1)} {
		add(fmt.Sprint("a row with ", broken), func(t int, row []float64) []float64 {
			if t == tasks-1 {
				row[2] = broken
			}
			return row
		})
	}
	some, none := make([]bool, tasks), make([]bool, tasks)
	for t := range some {
		some[t] = t%3 != 1
	}
	for name, active := range map[string][]bool{"some tasks without labels": some, "no labels at all": none} {
		state := ordinary(tasks, 1)[0]
		state.Active = active
		states[name] = state
	}
	for name, loss := range map[string]float64{"losses of 0": 0, "huge losses": 1e10, "tiny losses": 1e-20} {
		state := ordinary(tasks, 1)[0]
		for t := range state.Losses {
			state.Losses[t], state.After[t] = loss, loss
		}
		states[name] = state
	}
	return states
}

func checkFinite(t *testing.T, what string, r *weigh.Result) {
	t.Helper()
	for name, values := range map[string][]float64{"weights": r.Weights, "combined gradient": r.Direction, "head factors": r.Heads, "penalty": {r.Penalty}} {
		for _, x := range values {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Errorf("%s: the %s is %v", what, name, values)
				break
			}
		}
	}
}

// checkLeftOut wants nothing of tasks that are not active.
func checkLeftOut(t *testing.T, what string, state weigh.State, r *weigh.Result) {
	t.Helper()
	any := state.Active == nil
	for i, active := range state.Active {
		any = any || active
		if !active && (r.Weights[i] != 0 || r.Heads[i] != 0) {
			t.Errorf("%s: task %d is not active and has the weight %v and the head factor %v", what, i, r.Weights[i], r.Heads[i])
		}
	}
	if !any && norm(r.Direction) != 0 {
		t.Errorf("%s: the combined gradient is %v", what, r.Direction)
	}
}

// inactive compares with the same steps without the task.
func (s *subject) inactive(t *testing.T) {
	const tasks, out = 4, 1
	var with, broken, without []weigh.State
	for _, state := range ordinary(tasks, 3) {
		state.Active = []bool{true, false, true, true}
		with = append(with, state)
		other := state
		other.Jacobian = slices.Clone(state.Jacobian)
		other.Jacobian[out] = []float64{math.NaN(), 1e9, 0, math.Inf(-1), -3, 7}
		broken = append(broken, other)
		without = append(without, weigh.State{
			Jacobian: except(state.Jacobian, out), Losses: except(state.Losses, out), After: except(state.After, out),
		})
	}
	got, other := s.steps(dtypes.Float64, with...), s.steps(dtypes.Float64, broken...)
	for i := range got {
		if distance(got[i].Direction, other[i].Direction) != 0 || distance(got[i].Weights, other[i].Weights) != 0 {
			t.Errorf("step %d: the gradient of the inactive task matters: %+v, with another one %+v", i, got[i], other[i])
		}
	}
	if s.random(with[0]) {
		return // another number of tasks draws other numbers
	}
	for i, want := range s.steps(dtypes.Float64, without...) {
		size := scale(without[i].Jacobian, want)
		if !(distance(got[i].Direction, want.Direction) <= 1e-7*size) || !(distance(except(got[i].Weights, out), want.Weights) <= 1e-7*(1+size)) {
			t.Errorf("step %d: with an inactive task %+v, without it %+v", i, got[i], want)
		}
	}
}

// random tells whether the method draws random numbers.
func (s *subject) random(state weigh.State) bool {
	return s.session(dtypes.Float64, state).Store.GetVariable("/"+model.RNGStateVariableName) != nil
}

// seeded wants the same from a program of its own, and from one that another took over after a step.
func (s *subject) seeded(t *testing.T) {
	states := ordinary(3, 3)
	want := s.steps(dtypes.Float64, states...)
	again := newSubject(t, s.backend, s.method)
	first := again.session(dtypes.Float64, states[0])
	if _, err := first.Step(states[0]); err != nil {
		t.Fatal(err)
	}
	saved, err := first.Variables()
	if err != nil {
		t.Fatal(err)
	}
	second, err := weigh.NewSession(s.backend, s.method, dtypes.Float64, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Step(states[2]); err != nil { // makes the variables
		t.Fatal(err)
	}
	for path, value := range saved {
		v := second.Store.GetVariable(path)
		if v == nil {
			t.Fatalf("variable %s is there in one run and not in another", path)
		}
		if err := v.SetValue(value); err != nil {
			t.Fatal(err)
		}
		if path != "/"+model.RNGStateVariableName && !strings.HasPrefix(path, "/mtl/") {
			t.Errorf("variable %s is outside /mtl, the scope of the step", path)
		}
	}
	for i, state := range states[1:] {
		got, err := second.Step(state)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(*got) != fmt.Sprint(*want[i+1]) {
			t.Errorf("step %d after a saved run is %+v, without the break %+v", i+1, *got, *want[i+1])
		}
	}
}

// heads compares the three policies.
func (s *subject) heads(t *testing.T) {
	settings, _ := s.method.(mtl.Gradients)
	if settings.Method == nil {
		settings.Method = s.method
	}
	policy := settings.Heads
	if policy == mtl.PaperHeads {
		policy = mtl.WeightedHeads
		if own, ok := settings.Method.(mtl.HeadDefault); ok {
			policy = own.Heads()
		}
	}
	states := ordinary(3, 2)
	got := s.steps(dtypes.Float64, states...)
	for i, r := range got {
		switch policy {
		case mtl.WeightedHeads:
			// A method may shorten the shared gradient alone: then the weights are those of the heads times a number up to 1.
			shared, total := 0.0, 0.0
			for task := range r.Heads {
				shared, total = shared+r.Weights[task], total+r.Heads[task]
			}
			shortened := make([]float64, len(r.Heads))
			for task, c := range r.Heads {
				shortened[task] = min(shared/total, 1) * c
			}
			if !(distance(shortened, r.Weights) <= 1e-12*math.Abs(shared)) {
				t.Errorf("step %d: heads are weighted, and get %v for the weights %v", i, r.Heads, r.Weights)
			}
		case mtl.RawHeads:
			for _, c := range r.Heads {
				if !(c > 0) {
					t.Errorf("step %d: heads get their own gradient, and get %v", i, r.Heads)
				}
			}
		default:
			t.Errorf("the method's own head policy is %v; want mtl.WeightedHeads or mtl.RawHeads", policy)
		}
	}
}

// hyperparameters changes each and wants the same program to go on, and the old result with the old value.
func (s *subject) hyperparameters(t *testing.T) {
	state := ordinary(3, 1)[0]
	want := s.steps(dtypes.Float64, state)[0]
	session := s.session(dtypes.Float64, state)
	for _, path := range mtl.Hyperparameters(session.Store) {
		v := session.Store.GetVariable("/mtl/" + path)
		if v.Trainable {
			t.Errorf("hyper-parameter %s is trainable", path)
		}
		values := make([]float64, v.Shape().Size())
		for i := range values {
			values[i] = 0.75
		}
		if err := mtl.SetHyperparameter(session.Store, path, values...); err != nil {
			t.Fatal(err)
		}
		r, err := session.Step(state)
		if err != nil { // the session has room for one program
			t.Fatalf("after %s became %v: %v", path, values, err)
		}
		checkFinite(t, fmt.Sprintf("%s = %v", path, values), r)
		if err := session.Reset(); err != nil {
			t.Fatal(err)
		}
		if r, err = session.Step(state); err != nil || fmt.Sprint(*r) != fmt.Sprint(*want) {
			t.Errorf("after %s was changed and changed back: %+v, %v; before %+v", path, r, err, want)
		}
		if err := session.Reset(); err != nil {
			t.Fatal(err)
		}
	}
}

// backends compares XLA with the pure-Go backend.
func (s *subject) backends(t *testing.T) {
	states := ordinary(3, 3)
	xla := newSubject(t, backendtest.XLA(t), s.method)
	got := xla.steps(dtypes.Float64, states...)
	for i, want := range s.steps(dtypes.Float64, states...) {
		checkFinite(t, fmt.Sprintf("step %d on XLA", i), got[i])
		size := scale(states[i].Jacobian, want)
		if !s.random(states[0]) && (!(distance(got[i].Direction, want.Direction) <= 1e-7*size) || !(distance(got[i].Weights, want.Weights) <= 1e-7*(1+size))) {
			t.Errorf("step %d is %+v on XLA, %+v on the pure-Go backend", i, *got[i], *want)
		}
	}
}

func except[V any](values []V, out int) []V {
	var rest []V
	for i, v := range values {
		if i != out {
			rest = append(rest, v)
		}
	}
	return rest
}
