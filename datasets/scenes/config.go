package scenes

import (
	"fmt"
	"math"

	"github.com/gomtl/gomtl/datasets"
)

// Config chooses the scenes; the zero value is the default. Lengths are in pixels.
type Config struct {
	// Seed draws the scenes; scene i of a part depends on the seed, the part, i and the fields below only.
	Seed uint64
	// Train, Validation and Test are the numbers of scenes; 0 means 1,500, 500 and 1,000.
	Train, Validation, Test int
	// Size is the height and width of a picture, at least 20/Near, the diameter of the nearest object; 0 means 32. Objects do not
	// grow with it.
	Size int
	// Objects is the largest number of objects in a scene, which has 1..Objects, each number as likely; 0 means 1.
	Objects int
	// Clutter is the number of bars in the background; 0 means 1, a negative number means none.
	Clutter int
	// Near and Far bound the depth of an object, uniform between them; 0 means 1 and 1.8.
	Near, Far float64
	// ColorClass is κ, the probability that an object has the colour of its class; otherwise its colour is drawn from all four, so that
	// 0 means no relation. Scenes that differ in it alone differ in colours alone.
	ColorClass float64
	// Noise is the standard deviation of the noise on each pixel and channel; 0 means 0.06, a negative number means none.
	Noise float64
	// Boundary gives the label 255, which the task ignores, to the outermost pixels of each object: those next to (above, below, left or
	// right of) a pixel that is not the object's.
	Boundary bool
}

// withDefaults fills in what is zero and looks for what cannot be.
func (c Config) withDefaults() (Config, error) {
	for _, field := range []struct {
		value    *int
		standard int
	}{{&c.Train, 1_500}, {&c.Validation, 500}, {&c.Test, 1_000}, {&c.Size, 32}, {&c.Objects, 1}, {&c.Clutter, 1}} {
		if *field.value == 0 {
			*field.value = field.standard
		}
	}
	for _, field := range []struct {
		value    *float64
		standard float64
	}{{&c.Near, 1}, {&c.Far, 1.8}, {&c.Noise, 0.06}} {
		if *field.value == 0 {
			*field.value = field.standard
		}
	}
	c.Clutter, c.Noise = max(c.Clutter, 0), max(c.Noise, 0)
	switch {
	case c.Train < 0 || c.Validation < 0 || c.Test < 0 || c.Objects < 0:
		return c, fmt.Errorf("scenes: the numbers of scenes and objects should not be negative, got %d, %d and %d scenes of up to %d objects",
			c.Train, c.Validation, c.Test, c.Objects)
	case !(c.Near > 0 && c.Near <= c.Far && c.Far <= background):
		return c, fmt.Errorf("scenes: depths should go from Near above 0 to Far, at most %d, the background's; got %g to %g", background, c.Near, c.Far)
	case !(float64(c.Size) >= 2*radius(c.Near)):
		return c, fmt.Errorf("scenes: a picture of %d pixels has no room for objects at depth %g, it needs %g at least", c.Size, c.Near, 2*radius(c.Near))
	case !(c.ColorClass >= 0 && c.ColorClass <= 1):
		return c, fmt.Errorf("scenes: ColorClass is a probability, 0..1, got %g", c.ColorClass)
	case math.IsNaN(c.Noise):
		return c, fmt.Errorf("scenes: Noise should be a number, it is NaN")
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
