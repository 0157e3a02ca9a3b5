package landscape

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl"
)

// Walk is training on the problem by a method. All its steps are one program on the device, compiled once for all starts.
type Walk struct {
	Problem Problem
	// Method weighs the losses; nil means Equal.
	Method mtl.Weighting
	// Steps is the number of steps. 0 means 50,000, about what the papers take.
	Steps int
	// Every is the number of steps from one point of the path to the next. 0 means a 500th of Steps.
	Every int
	// Optimizer is what moves θ. nil means Adam with learning rate 0.001, the papers'.
	Optimizer optimizer.Interface
	// Seed fixes the random numbers of methods that draw any; 0 means 1. Every start gets the same.
	Seed int64
}

// Run returns the path from each start: the start, θ after each Every steps, and θ after the last. By method, XLA takes 60,000 to 3,000,000 steps a second on a
// CPU core; GoMLX's backend in pure Go, which is called for each step, 2,000 to 20,000.
func (w Walk) Run(ctx context.Context, b compute.Backend, starts ...[2]float64) ([][][2]float64, error) {
	w, err := w.withDefaults()
	if err != nil {
		return nil, err
	}
	p, err := w.newProgram(b)
	defer p.g.Finalize()
	if err != nil {
		return nil, fmt.Errorf("landscape: %w", err)
	}
	paths := make([][][2]float64, len(starts))
	for i, start := range starts {
		paths[i] = append(paths[i], start)
		p.reset(start)
		for step := 0; step < w.Steps; step += w.Every {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			theta, err := p.run(min(w.Every, w.Steps-step))
			if err != nil {
				return nil, fmt.Errorf("landscape: after step %d from %v: %w", step, start, err)
			}
			paths[i] = append(paths[i], theta)
		}
	}
	return paths, nil
}

func (w Walk) withDefaults() (Walk, error) {
	if w.Steps < 0 || w.Every < 0 {
		return w, fmt.Errorf("landscape: Walk has %d steps, a point every %d; want neither below 0", w.Steps, w.Every)
	}
	if w.Steps == 0 {
		w.Steps = 50_000
	}
	if w.Every == 0 {
		w.Every = max(1, w.Steps/500)
	}
	if w.Optimizer == nil {
		w.Optimizer = optimizer.Adam().LearningRate(1e-3).Epsilon(1e-8).Done()
	}
	if w.Seed == 0 {
		w.Seed = 1
	}
	return w, nil
}
