package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// maximum is the largest number that a hyper-parameter can have in any type.
const maximum = 1e38

// setting returns the value of a field, such as "CAGrad.C", or what its 0 stands for. Anything but a finite number from 0 to most panics.
func setting(field string, value, zero, most float64) float64 {
	if !(value >= 0 && value <= most) {
		exceptions.Panicf("mtl: weighting.%s is %v; wanted a number above 0, up to %v, or 0 for %v", field, value, most, zero)
	}
	if value == 0 {
		return zero
	}
	return value
}

// number is a setting as an input of the program under path, a float64 scalar.
func number(s *mtl.Step, path, field string, value, zero, most float64) *graph.Node {
	return wide(s.Parameter(path, setting(field, value, zero, most)))
}
