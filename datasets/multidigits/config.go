package multidigits

import (
	"fmt"

	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/digits"
)

// Config chooses the scenes; the zero value is the default. Config{Canvas: 12, Jitter: 1} is the harder form, in which the
// digits overlap more.
type Config struct {
	// Seed draws the scenes; scene i of a part depends on the seed, the part and i only.
	Seed uint64
	// Train, Validation and Test are the numbers of scenes; 0 means 10,000, 2,000 and 2,000.
	Train, Validation, Test int
	// Canvas is the height and width of a scene in pixels, at least 8 plus the jitter; 0 means 14.
	Canvas int
	// Jitter is the largest move of a digit from its corner towards the centre, in pixels along each axis; each digit moves by
	// 0..Jitter, uniformly and independently. 0 means 2, a negative number means no move.
	Jitter int
}

// ownerThreshold is the ink, of 0..16, above which a digit owns a pixel.
const ownerThreshold = 4

// withDefaults fills in what is zero and looks for what cannot be.
func (c Config) withDefaults() (Config, error) {
	for _, field := range []struct {
		value    *int
		standard int
	}{{&c.Train, 10_000}, {&c.Validation, 2_000}, {&c.Test, 2_000}, {&c.Canvas, 14}, {&c.Jitter, 2}} {
		if *field.value == 0 {
			*field.value = field.standard
		}
	}
	c.Jitter = max(c.Jitter, 0)
	if c.Train < 0 || c.Validation < 0 || c.Test < 0 {
		return c, fmt.Errorf("multidigits: the numbers of scenes should not be negative, got %d, %d and %d", c.Train, c.Validation, c.Test)
	}
	if c.Canvas < digits.Side+c.Jitter {
		return c, fmt.Errorf("multidigits: a canvas of %d pixels has no room for digits of %d that move by up to %d, it needs %d at least",
			c.Canvas, digits.Side, c.Jitter, digits.Side+c.Jitter)
	}
	return c, nil
}

// size is the number of scenes of a part.
func (c Config) size(part datasets.Part) int {
	switch part {
	case datasets.Train:
		return c.Train
	case datasets.Validation:
		return c.Validation
	}
	return c.Test
}
