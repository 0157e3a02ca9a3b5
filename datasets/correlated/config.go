package correlated

import (
	"fmt"

	"github.com/gomtl/gomtl/datasets"
)

// Config chooses the data; the zero value has the settings of the reference code, with unrelated tasks.
type Config struct {
	// Seed draws the function and the examples; example i of a part depends on the seed, the part, i and the fields below only.
	Seed uint64
	// Train, Validation and Test are the numbers of examples; 0 means 10,000, 1,000 and 1,000.
	Train, Validation, Test int
	// Features is d, the number of inputs, at least 2; 0 means 100.
	Features int
	// P is p, the cosine of the angle between the weights of the two tasks, -1..1: 0 for unrelated tasks, 1 for two noisy copies of one task.
	P float64
	// Scale is c, the length of the weights, and so the standard deviation of what the sines are taken of; 0 means 0.3.
	Scale float64
	// Sines is m, the number of sines; 0 means 5, a negative number means none: linear tasks.
	Sines int
	// Noise is the standard deviation of the noise on the labels; 0 means 0.1, a negative number means none.
	Noise float64
}

// withDefaults fills in what is zero and looks for what cannot be.
func (c Config) withDefaults() (Config, error) {
	for _, field := range []struct {
		value    *int
		standard int
	}{{&c.Train, 10_000}, {&c.Validation, 1_000}, {&c.Test, 1_000}, {&c.Features, 100}, {&c.Sines, 5}} {
		if *field.value == 0 {
			*field.value = field.standard
		}
	}
	for _, field := range []struct {
		value    *float64
		standard float64
	}{{&c.Scale, 0.3}, {&c.Noise, 0.1}} {
		if *field.value == 0 {
			*field.value = field.standard
		}
	}
	c.Sines = max(c.Sines, 0)
	if c.Noise < 0 {
		c.Noise = 0
	}
	switch {
	case c.Train < 0 || c.Validation < 0 || c.Test < 0:
		return c, fmt.Errorf("correlated: the numbers of examples should not be negative, got %d, %d and %d", c.Train, c.Validation, c.Test)
	case c.Features < 2:
		return c, fmt.Errorf("correlated: two directions at a right angle need 2 features at least, got %d", c.Features)
	case !(c.P >= -1 && c.P <= 1):
		return c, fmt.Errorf("correlated: P is a cosine, -1..1, got %g", c.P)
	case !(c.Scale > 0 && c.Scale <= 1e3 && c.Noise <= 1e3):
		return c, fmt.Errorf("correlated: Scale should be above 0, and it and Noise at most 1,000; got %g and %g", c.Scale, c.Noise)
	}
	return c, nil
}

// size is the number of examples of a part.
func (c Config) size(part datasets.Part) int {
	switch part {
	case datasets.Train:
		return c.Train
	case datasets.Validation:
		return c.Validation
	}
	return c.Test
}
