package mtl

import "math"

// Progress is where a run stands before a step.
type Progress struct {
	Step, Steps   int // steps done, steps asked for
	StepsPerEpoch int // 0 where the data has no epochs
	// Validations are the monitored values so far, one a validation, turned so that lower is better.
	Validations []float64
}

// Schedule changes the learning rate during a run: the rate of a step is FitOptions.LearningRate times Factor. Factor is a pure function, so
// that a resumed run continues the same curve.
type Schedule interface {
	Factor(p Progress) float64
}

// Cosine warms up linearly over WarmUp steps, then falls along half a cosine from 1 to Final at the last step:
// Final + (1-Final)·(1+cos(π·t))/2, t the share of the remaining steps done (Loshchilov & Hutter, 2017, eq. 5, without restarts).
type Cosine struct {
	WarmUp int
	Final  float64
}

// Factor implements Schedule.
func (c Cosine) Factor(p Progress) float64 {
	if p.Step < c.WarmUp {
		return float64(p.Step+1) / float64(c.WarmUp)
	}
	t := float64(p.Step-c.WarmUp) / math.Max(1, float64(p.Steps-c.WarmUp))
	return c.Final + (1-c.Final)*(1+math.Cos(math.Pi*math.Min(1, t)))/2
}

// StepDecay multiplies the rate by Gamma (0 means 0.1) after every Every steps.
type StepDecay struct {
	Every int
	Gamma float64
}

// Factor implements Schedule.
func (s StepDecay) Factor(p Progress) float64 {
	gamma := s.Gamma
	if gamma == 0 {
		gamma = 0.1
	}
	return math.Pow(gamma, float64(p.Step/max(1, s.Every)))
}

// Plateau multiplies the rate by Gamma (0 means 0.1) whenever the monitored value has not improved by more than MinDelta for Patience
// (0 means 3) validations in a row, but never below Minimum.
type Plateau struct {
	Gamma    float64
	Patience int
	MinDelta float64
	Minimum  float64
}

// Factor implements Schedule.
func (s Plateau) Factor(p Progress) float64 {
	gamma, patience := s.Gamma, s.Patience
	if gamma == 0 {
		gamma = 0.1
	}
	if patience == 0 {
		patience = 3
	}
	factor, best, waited := 1.0, math.Inf(1), 0
	for _, value := range p.Validations {
		if value < best-s.MinDelta {
			best, waited = value, 0
			continue
		}
		if waited++; waited >= patience {
			factor, waited = math.Max(factor*gamma, s.Minimum), 0
		}
	}
	return factor
}
