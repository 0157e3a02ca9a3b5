package weighting_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/internal/weigh"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// fixture is a file of testdata; benchmarks/oracles/weighting/README.md says what its fields mean.
func fixture[F any](t *testing.T, name string) F {
	t.Helper()
	var f F
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

type scalarizer struct {
	Method string
	Params struct {
		Mean, Half                           bool
		Weights, Reference, S, Nadir, Logits []float64
		Minimum, Before, Last                []float64
		Offset, Mu, Theta, Lambda            float64
		Temperature                          float64
	}
	Losses, Gradient []float64
}

// weighting returns the method, and the hyper-parameters and state that make it the record's; nil for what has no such form.
func (c scalarizer) weighting() (w mtl.Weighting, numbers, state map[string][]float64) {
	p := c.Params
	numbers, state = map[string][]float64{}, map[string][]float64{}
	reference := p.Reference
	if reference == nil {
		reference = make([]float64, len(c.Losses))
	}
	switch c.Method {
	case "Equal":
		if p.Mean {
			return weighting.Mean{}, nil, nil
		}
		return weighting.Equal{}, nil, nil
	case "Fixed":
		numbers["fixed/weights"] = p.Weights
		return weighting.Fixed{}, numbers, nil
	case "GLS":
		return weighting.GLS{}, nil, nil
	case "ScaleInvariant":
		numbers["scale_invariant/offset"] = []float64{p.Offset}
		return weighting.ScaleInvariant{}, numbers, nil
	case "Uncertainty":
		state["/mtl/uncertainty/log_variance"] = p.S
		if p.Half {
			return weighting.Uncertainty{}, nil, state
		}
		all := weighting.Uncertainty{}
		for t := range c.Losses {
			all.Classification = append(all.Classification, fmt.Sprintf("task%d", t))
		}
		return all, nil, state
	case "IMTLL":
		state["/mtl/imtl_l/log_scale"] = p.S
		return weighting.IMTLL{}, nil, state
	case "STCH":
		numbers["stch/mu"], numbers["stch/ideal"] = []float64{p.Mu}, reference
		if p.Weights != nil {
			numbers["stch/preference"] = p.Weights
		}
		return weighting.STCH{Preference: p.Weights}, numbers, nil
	case "STCHLogNadir":
		numbers["stch_log_nadir/mu"] = []float64{p.Mu}
		state["/mtl/stch_log_nadir/nadir_sum"], state["/mtl/stch_log_nadir/nadir_count"] = p.Nadir, filled(len(p.Nadir), 1)
		state["/mtl/stch_log_nadir/steps"] = []float64{2}
		return weighting.STCHLogNadir{WarmUp: 1, Window: 1}, numbers, state
	case "FAMO":
		numbers["famo/min_losses"] = p.Minimum
		state["/mtl/famo/logits"] = p.Logits
		return weighting.FAMO{}, numbers, state
	case "PBI":
		numbers["pbi/theta"], numbers["pbi/preference"], numbers["pbi/ideal"] = []float64{p.Theta}, p.Weights, reference
		return weighting.PBI{Preference: p.Weights}, numbers, nil
	case "COSMOS":
		numbers["cosmos/lambda"], numbers["cosmos/preference"] = []float64{p.Lambda}, p.Weights
		return weighting.COSMOS{Preference: p.Weights}, numbers, nil
	case "DWA":
		numbers["dwa/temperature"] = []float64{p.Temperature}
		state["/mtl/dwa/mean_before"], state["/mtl/dwa/last_mean"] = p.Before, p.Last
		state["/mtl/dwa/steps"] = []float64{2}
		return weighting.DWA{Window: 1}, numbers, state
	}
	return nil, nil, nil
}

// The weights are the gradients of TorchJD's and LibMTL's scalar losses. The records of a method share one program for each number of tasks.
func TestScalarizers(t *testing.T) {
	records := fixture[struct{ Cases []scalarizer }](t, "scalarizers.json").Cases
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		sessions := map[string]*weigh.Session{}
		compared := map[string]int{}
		for _, c := range records {
			w, numbers, state := c.weighting()
			if w == nil || b.Name() == "xla" && len(c.Losses) != 3 {
				continue
			}
			now := weigh.State{Jacobian: identity(len(c.Losses)), Losses: c.Losses}
			key := fmt.Sprintf("%s, %d tasks, half %v, mean %v, weights %v", c.Method, len(c.Losses), c.Params.Half, c.Params.Mean, c.Params.Weights != nil)
			s := sessions[key]
			if s == nil {
				s = session(t, b, w)
				sessions[key] = s
				step(t, s, now)
			}
			prepareSession(t, s, numbers, state)
			wantNear(t, fmt.Sprintf("%s%+v on %v", c.Method, c.Params, c.Losses), step(t, s, now).Weights, c.Gradient, 1e-9)
			compared[c.Method]++
		}
		if len(compared) != 12 {
			t.Errorf("records of %v were compared; wanted 12 methods", compared)
		}
	})
}

func identity(n int) [][]float64 {
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, n)
		rows[i][i] = 1
	}
	return rows
}

// prepareSession takes a session back to its start and sets hyper-parameters and state.
func prepareSession(t *testing.T, s *weigh.Session, numbers, state map[string][]float64) {
	t.Helper()
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	for path, values := range numbers {
		if err := mtl.SetHyperparameter(s.Store, path, values...); err != nil {
			t.Fatal(err)
		}
	}
	for path, values := range state {
		v := s.Store.GetVariable(path)
		if v == nil {
			t.Fatalf("there is no variable %s", path)
		}
		value := tensors.FromValue(values)
		if v.Shape().IsScalar() {
			value = tensors.FromValue(int32(values[0]))
		}
		if err := v.SetValue(value); err != nil {
			t.Fatal(err)
		}
	}
}

type recurrence struct {
	Method, Sequence string
	Params           struct {
		Temperature, Rate, Mu, Alpha, Initial float64
		Decay                                 float64 `json:"weight_decay"`
		Window                                int
		WarmUp                                int `json:"warmup_epochs"`
		Minimum                               []float64
		Inner                                 string
	}
	Steps []struct {
		Weights, Direction, S, Inner []float64
		Logits                       []float64 `json:"logits_after"`
	}
}

func (r recurrence) weighting() mtl.Weighting {
	switch p := r.Params; r.Method {
	case "DWA":
		return weighting.DWA{Temperature: p.Temperature, Window: p.Window}
	case "FAMO":
		return weighting.FAMO{LearningRate: p.Rate, Decay: p.Decay, MinLosses: p.Minimum}
	case "STCHLogNadir":
		return weighting.STCHLogNadir{Mu: p.Mu, WarmUp: p.WarmUp, Window: 1}
	case "Uncertainty":
		return weighting.Uncertainty{InitialLogVariance: p.Initial}
	case "IMTLL":
		return weighting.IMTLL{}
	case "Smoothed":
		return weighting.Smoothed{Method: map[string]mtl.Weighting{"UPGrad": weighting.UPGrad{}, "MGDA": weighting.MGDA{}}[p.Inner], Factor: p.Alpha}
	}
	return nil
}

// Six steps of the methods with memory go as TorchJD's and LibMTL's.
func TestLossRecurrences(t *testing.T) {
	type sequence struct {
		Jacobians [][][]float64
		Losses    [][]float64
		After     [][]float64 `json:"losses_after"`
	}
	records := fixture[struct {
		About struct{ Sequences map[string]sequence }
		Cases []recurrence
	}](t, "recurrences.json")
	learnt := map[string]string{"Uncertainty": "/mtl/uncertainty/log_variance", "IMTLL": "/mtl/imtl_l/log_scale"}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		compared := map[string]int{}
		for _, c := range records.Cases {
			w := c.weighting()
			if w == nil || b.Name() == "xla" && c.Sequence != "three" {
				continue
			}
			compared[c.Method]++
			in := records.About.Sequences[c.Sequence]
			at := func(k int) weigh.State {
				return weigh.State{Jacobian: in.Jacobians[k], Losses: in.Losses[k], After: in.After[k]}
			}
			s := session(t, b, w)
			for k, want := range c.Steps {
				what := fmt.Sprintf("%s%+v on %s, step %d", c.Method, c.Params, c.Sequence, k)
				if k == 0 && c.Method == "FAMO" && c.Params.Decay == 0 {
					step(t, s, at(0))
					prepareSession(t, s, map[string][]float64{"famo/decay": {0}}, nil)
				}
				if path := learnt[c.Method]; k > 0 && path != "" {
					prepareSession(t, s, nil, map[string][]float64{path: want.S})
				}
				got := step(t, s, at(k))
				wantNear(t, what, got.Weights, want.Weights, 1e-9)
				if want.Direction != nil {
					wantNear(t, what+": direction", got.Direction, want.Direction, 1e-9)
				}
				if want.Logits != nil {
					logits, err := tensors.CopyFlatData[float64](s.Store.GetVariable("/mtl/famo/logits").MustValue())
					if err != nil {
						t.Fatal(err)
					}
					wantNear(t, what+": logits", logits, want.Logits, 1e-9)
				}
			}
		}
		if len(compared) != 6 {
			t.Errorf("records of %v were compared; wanted 6 methods", compared)
		}
	})
}
