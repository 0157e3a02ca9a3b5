package weighting_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/internal/weigh"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// params are the settings of a method in a fixture.
type params struct {
	Mean                      bool
	Normalize, Mode, Inner    string
	Minimum, Preference       []float64
	Order                     []int
	Orders                    [][]int
	C, Alpha, Lambda, Initial float64
	Rescale                   weighting.Rescale
	Beta, Eps, Ridge, Rate    float64
	Gamma, Rho, Sigma, Decay  float64
	MaxNorm                   float64 `json:"max_norm"`
	LearningRate              float64 `json:"learning_rate"`
	UpdateEvery               int     `json:"update_every"`
	Byzantine, Selected, Trim int
	Tau                       any
	Leak                      []float64
}

// weighting returns the method of a fixture's record for a number of tasks, nil where it is about a setting that ours has not, and the hyper-parameters that have
// one number a task.
func (p params) weighting(name string, tasks int) (mtl.Weighting, map[string][]float64) {
	orders := p.Orders
	for range tasks {
		if p.Orders == nil && p.Order != nil {
			orders = append(orders, p.Order)
		}
	}
	vectors := map[string][]float64{}
	preference := func(path string) []float64 {
		if p.Preference == nil {
			return nil
		}
		vectors[path+"/preference"] = p.Preference
		return slices.Repeat([]float64{1}, tasks)
	}
	ridge := p.Ridge
	if ridge == 0 {
		ridge = 1e-200 // the exact projection
	}
	switch name {
	case "Equal":
		if p.Mean {
			return weighting.Mean{}, nil
		}
		return weighting.Equal{}, nil
	case "MGDA":
		if p.Minimum != nil {
			vectors["peltr/minimum"] = p.Minimum
			return weighting.PELTR{Minimum: make([]float64, tasks)}, vectors
		}
		return weighting.MGDA{Normalization: weighting.Normalization(slices.Index([]string{"none", "l2", "loss", "loss+"}, p.Normalize))}, nil
	case "PCGrad":
		return weighting.PCGrad{Order: orders}, nil
	case "GradVac":
		if p.Eps == 0 {
			return weighting.GradVac{Beta: p.Beta, Order: orders}, nil
		}
	case "IMTLG":
		return weighting.IMTLG{}, nil
	case "CAGrad":
		return weighting.CAGrad{C: p.C, Rescale: p.Rescale, Preference: preference("cagrad")}, vectors
	case "NashMTL":
		limit := p.MaxNorm
		if limit == 0 {
			limit = 1e30
		}
		if p.Ridge == 0 {
			return weighting.NashMTL{MaxNorm: limit, UpdateEvery: p.UpdateEvery}, nil
		}
	case "FairGrad":
		if p.Ridge == 0 {
			return weighting.FairGrad{Alpha: p.Alpha}, nil
		}
	case "AlignedMTL":
		scale := weighting.Scale(slices.Index([]string{"min", "median", "rmse"}, p.Mode))
		return weighting.AlignedMTL{Scale: scale, Preference: preference("aligned_mtl")}, vectors
	case "UPGrad":
		return weighting.UPGrad{RegEps: ridge, Preference: preference("upgrad")}, vectors
	case "DualProj":
		return weighting.DualProj{RegEps: ridge, Preference: preference("dual_proj")}, vectors
	case "ConFIG":
		return weighting.ConFIG{Preference: preference("config")}, vectors
	case "Krum":
		return weighting.Krum{Byzantine: p.Byzantine, Selected: p.Selected}, nil
	case "TrimmedMean":
		return weighting.TrimmedMean{Trim: p.Trim}, nil
	case "PCD":
		w := weighting.PCD{Beta: p.Beta, Eps: p.Eps}
		switch tau := p.Tau.(type) {
		case float64:
			w.Tau = tau
		case []any: // of the secondary tasks
			of := []float64{0}
			for _, x := range tau {
				of = append(of, x.(float64))
			}
			vectors["pcd/task_tau"] = of
			w.TaskTau = make([]float64, tasks)
		}
		return w, vectors
	}
	return nil, nil
}

type matrix struct {
	Name     string
	Jacobian [][]float64
	Losses   []float64
}

// golden is a record of golden.json.
type golden struct {
	Matrix, Method     string
	Params             params
	Weights, Direction []float64
	Unique             bool
	Float32, Float64   *float64 // what rounding does to the direction; nil where the result jumps
	Margin             *float64
	Feasible           *bool
}

// inFloat32 are the tolerances where a Gramian of float32 numbers says too little: rows that differ in the fourth digit are parallel to it, and sums of
// large weights are lost in their rounding.
var inFloat32 = map[string]float64{
	"MGDA on nearly parallel":         5e-4,
	"FairGrad on nearly antiparallel": 5e-4,
	"NashMTL on nearly antiparallel":  5e-4,
	"CAGrad on one tiny row, 2^-33":   5e-4,
	"PCD on strong 10x8 rank 8":       2e-3,
}

// Every method on every matrix, in float64 on the pure-Go backend, and in float32 on XLA. There each method has one program, with room for 20 tasks of 30 numbers:
// rows that a matrix has not are tasks without labels.
func TestGolden(t *testing.T) {
	matrices := fixture[struct{ Cases []matrix }](t, "matrices.json").Cases
	cases := fixture[struct{ Cases []golden }](t, "golden.json").Cases
	t.Run("go", func(t *testing.T) { checkGolden(t, backendtest.Go(t), dtypes.Float64, matrices, cases, false) })
	t.Run("xla", func(t *testing.T) { checkGolden(t, backendtest.XLA(t), dtypes.Float32, matrices, cases, true) })
}

const roomForTasks, roomForValues = 20, 30

func checkGolden(t *testing.T, b compute.Backend, dtype dtypes.DType, matrices []matrix, cases []golden, padded bool) {
	states := map[string]weigh.State{}
	for _, m := range matrices {
		states[m.Name] = weigh.State{Jacobian: m.Jacobian, Losses: m.Losses}
	}
	sessions := map[string]*weigh.Session{}
	checked := map[string]int{}
	for _, r := range cases {
		state := states[r.Matrix]
		tasks := len(state.Jacobian)
		rows := tasks
		if padded {
			if tasks > roomForTasks {
				continue
			}
			rows = roomForTasks
			state = pad(state)
		}
		if r.Params.Orders != nil || r.Params.Order != nil {
			if padded && (r.Params.Orders != nil || !slices.IsSorted(r.Params.Order)) {
				continue // an order is part of the program
			}
			for padded && len(r.Params.Order) < rows {
				r.Params.Order = append(r.Params.Order, len(r.Params.Order))
			}
		}
		w, vectors := r.Params.weighting(r.Method, rows)
		if w == nil {
			continue
		}
		key := fmt.Sprintf("%T %+v %dx%d", w, w, rows, len(state.Jacobian[0]))
		session := sessions[key]
		var err error
		if session == nil {
			session, err = weigh.NewSession(b, w, dtype, 1)
			sessions[key] = session
			if err == nil {
				_, err = session.Step(state) // makes the hyper-parameters
			}
		}
		if err == nil {
			err = session.Reset()
		}
		for path, values := range vectors {
			if err == nil {
				values = append(slices.Clone(values), make([]float64, rows-tasks)...)
				err = mtl.SetHyperparameter(session.Store, path, values...)
			}
		}
		var got *weigh.Result
		if err == nil {
			got, err = session.Step(state)
		}
		if err != nil {
			t.Errorf("%s %+v on %q: %v", r.Method, r.Params, r.Matrix, err)
			continue
		}
		checked[r.Method]++
		r.check(t, w, dtype, state.Jacobian[:tasks], got)
	}
	t.Log(checked)
}

// pad adds tasks that are not active, and values that are 0.
func pad(state weigh.State) weigh.State {
	padded := weigh.State{Losses: append(slices.Clone(state.Losses), make([]float64, roomForTasks-len(state.Losses))...)}
	for t := range roomForTasks {
		row := make([]float64, roomForValues)
		active := t < len(state.Jacobian)
		if active {
			copy(row, state.Jacobian[t])
		}
		padded.Jacobian, padded.Active = append(padded.Jacobian, row), append(padded.Active, active)
	}
	return padded
}

func (r *golden) check(t *testing.T, w mtl.Weighting, dtype dtypes.DType, jacobian [][]float64, got *weigh.Result) {
	t.Helper()
	what := fmt.Sprintf("%T%+v on %q", w, w, r.Matrix)
	for _, x := range append(slices.Clone(got.Direction), got.Weights...) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Errorf("%s: %+v is not finite", what, *got)
			return
		}
	}
	rounding, tolerance := r.Float64, 1e-9
	if r.Method == "AlignedMTL" || r.Method == "IMTLG" {
		tolerance = 1e-6 // small eigenvalues next to large ones
	}
	if dtype == dtypes.Float32 {
		rounding, tolerance = r.Float32, 2e-4
		if more, found := inFloat32[r.Method+" on "+r.Matrix]; found {
			tolerance = more
		}
	}
	if rounding == nil && r.Method != "TrimmedMean" || r.Margin != nil && *r.Margin == 0 || r.Feasible != nil && !*r.Feasible {
		return // the result jumps here
	}
	if rounding != nil {
		tolerance = math.Max(tolerance, 100**rounding)
	}
	size := 0.0
	for task, row := range jacobian {
		length := 0.0
		for _, x := range row {
			length += x * x
		}
		w := 1.0
		if r.Weights != nil {
			w = math.Abs(r.Weights[task])
		}
		size += w * math.Sqrt(length)
	}
	if size == 0 {
		size = 1
	}
	worst := 0.0
	for k, x := range got.Direction {
		want := 0.0
		if k < len(r.Direction) {
			want = r.Direction[k]
		}
		worst = math.Max(worst, math.Abs(x-want))
	}
	if !(worst <= tolerance*size) {
		t.Errorf("%s: off by %.2g (%.2g is allowed): %v, want %v; weights %v, want %v", what, worst/size, tolerance, got.Direction, r.Direction, got.Weights, r.Weights)
	}
}

// On this matrix the search for CAGrad's weights once went back and forth between two bounds.
func TestCAGradBetweenBounds(t *testing.T) {
	jacobian := [][]float64{{0.125, 1.875, -1.875}, {0.25, -0.5, 0.75}, {0.625, 0, 0.5}, {-0.125, 1.125, -1.125}, {-0.25, -1.875, 1.875}}
	for _, c := range []float64{0.9, 0.99, 1, 1.01} {
		got := step(t, session(t, backendtest.Go(t), weighting.CAGrad{C: c}), weigh.State{Jacobian: jacobian})
		if !(got.Reports["residual"] < 1e-9) || got.Reports["iterations"] > 200 {
			t.Errorf("c = %v: %+v", c, *got)
		}
	}
}
