package weighting_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/internal/weigh"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// memory is a case of recurrences.json about a gradient method.
type memory struct {
	Method, Sequence string
	Params           struct {
		Alpha, Beta, Decay, Eps, Gamma, Lambda, Rate, Rho, Sum, Tau float64
		BetaSigma                                                   float64 `json:"beta_sigma"`
		GammaSigma                                                  float64 `json:"gamma_sigma"`
		MaxNorm                                                     float64 `json:"max_norm"`
		UpdateEvery                                                 int     `json:"update_every"`
		Iterations                                                  int
		Order                                                       []int
		Project                                                     bool
		Inner                                                       string
	}
	Steps []struct {
		Weights, Direction []float64
		S                  []float64 // before the step
		ScaleGradient      []float64 `json:"scale_gradient"`
	}
}

// weighting returns the method, and its hyper-parameters where 0 would mean a default; nil for what has no such form.
func (c memory) weighting(tasks int) (mtl.Weighting, map[string]float64) {
	p := c.Params
	switch c.Method {
	case "GradNorm":
		return weighting.GradNorm{Alpha: p.Alpha}, nil
	case "GradVac":
		w := weighting.GradVac{Beta: p.Beta}
		for range tasks {
			w.Order = append(w.Order, p.Order)
		}
		return w, nil
	case "NashMTL":
		return weighting.NashMTL{MaxNorm: p.MaxNorm, UpdateEvery: p.UpdateEvery}, nil
	case "MoCo":
		return weighting.MoCo{Beta: p.Beta, Gamma: p.Gamma, Rho: p.Rho, Project: p.Project},
			map[string]float64{"moco/beta_decay": p.BetaSigma, "moco/gamma_decay": p.GammaSigma}
	case "MoDo":
		return weighting.MoDo{Gamma: p.Gamma, Rho: p.Rho}, nil
	case "SDMGrad":
		return weighting.SDMGrad{Rate: p.Rate, Iterations: p.Iterations}, map[string]float64{"sdmgrad/lambda": p.Lambda}
	case "ExcessMTL":
		if p.Sum == 0 || int(p.Sum) == tasks { // TorchJD's form weighs in the first step, too
			return weighting.ExcessMTL{Rate: p.Rate}, nil
		}
	case "DBMTL":
		return weighting.DBMTL{Beta: p.Beta}, map[string]float64{"db_mtl/decay": p.Decay}
	case "Smoothed":
		w := weighting.Smoothed{Method: weighting.UPGrad{}, Factor: p.Alpha}
		if p.Inner == "MGDA" {
			w.Method = weighting.MGDA{}
		}
		return w, nil
	case "PCD":
		return weighting.PCD{Tau: p.Tau, Beta: p.Beta, Eps: p.Eps}, nil
	case "IMTL":
		return weighting.IMTL{}, nil
	}
	return nil, nil
}

// Six steps of the gradient methods with memory go as those of TorchJD, LibMTL, or the formula computed exactly.
func TestGradientRecurrences(t *testing.T) {
	type sequence struct {
		Jacobians [][][]float64
		Batches   [][][][]float64
		Losses    [][]float64
	}
	records := fixture[struct {
		About struct{ Sequences map[string]sequence }
		Cases []memory
	}](t, "recurrences.json")
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		compared := map[string]int{}
		for _, c := range records.Cases {
			in := records.About.Sequences[c.Sequence]
			w, numbers := c.weighting(len(in.Losses[0]))
			if w == nil || b.Name() == "xla" && c.Sequence != "three" {
				continue
			}
			at := func(k int) weigh.State {
				state := weigh.State{Jacobian: in.Jacobians[k], Losses: in.Losses[k]}
				if c.Method == "MoDo" || c.Method == "SDMGrad" {
					state.Parts = in.Batches[k]
				}
				return state
			}
			s := session(t, b, w)
			step(t, s, at(0)) // makes the variables
			vectors := map[string][]float64{}
			for path, value := range numbers {
				vectors[path] = []float64{value}
			}
			prepareSession(t, s, vectors, nil)
			compared[c.Method]++
			logits := make([]float64, len(in.Losses[0]))
			for k, want := range c.Steps {
				learnt := map[string][]float64{"/mtl/gradnorm/scale": slices.Clone(logits), "/mtl/imtl/log_scale": want.S}
				for path, values := range learnt { // the optimiser's part
					if v := s.Store.GetVariable(path); v != nil {
						if err := v.SetValue(tensors.FromValue(values)); err != nil {
							t.Fatal(err)
						}
					}
				}
				for i, d := range want.ScaleGradient {
					logits[i] -= 0.1 * d
				}
				got := step(t, s, at(k))
				what := fmt.Sprintf("%T%+v on %s, step %d", w, w, c.Sequence, k)
				if want.Weights != nil {
					wantNear(t, what, got.Weights, want.Weights, 1e-9)
				}
				if want.Direction != nil {
					wantNear(t, what+": direction", got.Direction, want.Direction, 1e-9)
				}
			}
		}
		if len(compared) != 11 {
			t.Errorf("records of %v were compared; wanted 11 methods", compared)
		}
	})
}
