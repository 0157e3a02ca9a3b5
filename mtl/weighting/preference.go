package weighting

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// preference returns a method's preference vector, [T] in float64, 0 for tasks that are not active. values is what the method's field says:
// an input of the program under path, such as "upgrad/preference". Without any, the active tasks share total equally. Call it after gramian.
func preference(s *mtl.Step, path, method string, values []float64, total float64) *graph.Node {
	active := graph.ConvertDType(s.Active, dtypes.Float64)
	if values == nil {
		return graph.MulScalar(ratio(active, graph.ReduceAllSum(active)), total)
	}
	sum := 0.0
	for _, v := range values {
		if !(v >= 0) || math.IsInf(v, 0) {
			sum = math.NaN()
		}
		sum += v
	}
	if len(values) != s.Tasks() || !(sum > 0) {
		exceptions.Panicf("mtl: weighting.%s has the Preference %v for the tasks %q; wanted a number for each, 0 or more, not all 0", method, values, s.Names)
	}
	return graph.Mul(active, graph.ConvertDType(s.Parameters(path, values), dtypes.Float64))
}
