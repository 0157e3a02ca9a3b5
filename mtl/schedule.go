package mtl

import (
	"fmt"
	"math"
)

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

func (c Cosine) check() error {
	if c.WarmUp < 0 {
		return fmt.Errorf("mtl: Cosine.WarmUp is %d; wanted a number of steps, 0 or more", c.WarmUp)
	}
	return named{"Final", c.Final}.check("Cosine")
}

// Factor implements Schedule.
func (c Cosine) Factor(p Progress) float64 {
	if p.Step < c.WarmUp {
		return float64(p.Step+1) / float64(c.WarmUp)
	}
	t := float64(p.Step-c.WarmUp) / math.Max(1, float64(p.Steps-c.WarmUp))
	return c.Final + (1-c.Final)*(1+math.Cos(math.Pi*math.Min(1, t)))/2
}

// StepDecay multiplies the rate by Gamma (0 means 0.1) after every Every steps, a number above 0.
type StepDecay struct {
	Every int
	Gamma float64
}

func (s StepDecay) check() error {
	if s.Every < 1 {
		return fmt.Errorf("mtl: StepDecay.Every is %d; wanted the number of steps after which the rate is multiplied by Gamma, above 0", s.Every)
	}
	return named{"Gamma", s.Gamma}.check("StepDecay")
}

// Factor implements Schedule.
func (s StepDecay) Factor(p Progress) float64 {
	gamma := s.Gamma
	if gamma == 0 {
		gamma = 0.1
	}
	if s.Every < 1 {
		return 1
	}
	return math.Pow(gamma, float64(p.Step/s.Every))
}

// Plateau multiplies the rate by Gamma (0 means 0.1) whenever the monitored value has not improved by more than MinDelta for Patience
// (0 means 3) validations in a row, but never below Minimum.
type Plateau struct {
	Gamma    float64
	Patience int
	MinDelta float64
	Minimum  float64
}

func (s Plateau) check() error {
	if s.Patience < 0 {
		return fmt.Errorf("mtl: Plateau.Patience is %d; wanted a number of validations, or 0 for 3", s.Patience)
	}
	for _, x := range []named{{"Gamma", s.Gamma}, {"MinDelta", s.MinDelta}, {"Minimum", s.Minimum}} {
		if err := x.check("Plateau"); err != nil {
			return err
		}
	}
	return nil
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

// isPlateau is true for the schedule that goes by validations.
func isPlateau(s Schedule) bool {
	_, value := s.(Plateau)
	_, pointer := s.(*Plateau)
	return value || pointer
}
