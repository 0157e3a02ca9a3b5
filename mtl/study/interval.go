package study

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a mean over seeds with its 95 % confidence interval.
type Interval struct {
	// Mean is the arithmetic mean, NaN without values, infinite where one of them is.
	Mean float64
	// Half is half the width of the 95 % interval of the mean, t_{0.975, N-1}·s/√N with the sample standard deviation s; NaN with fewer than two values, and
	// where one is infinite.
	Half float64
	// N counts the values.
	N int
}

// NewInterval is the interval of the values that are not NaN.
func NewInterval(values []float64) Interval {
	var known []float64
	for _, v := range values {
		if !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	n := float64(len(known))
	interval := Interval{Mean: math.NaN(), Half: math.NaN(), N: len(known)}
	if n > 0 {
		interval.Mean = stat.Mean(known, nil)
	}
	if n > 1 {
		quantile := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(0.975)
		interval.Half = quantile * stat.StdErr(stat.StdDev(known, nil), n)
	}
	return interval
}

// Low and High are the ends of the interval: the mean itself where there are too few values for one.
func (i Interval) Low() float64 { return i.Mean - i.half() }

// High is the upper end.
func (i Interval) High() float64 { return i.Mean + i.half() }

func (i Interval) half() float64 {
	if math.IsNaN(i.Half) {
		return 0
	}
	return i.Half
}

// String is "0.749 ± 0.044", or the mean alone, or a dash.
func (i Interval) String() string {
	switch {
	case math.IsNaN(i.Mean):
		return "–"
	case math.IsNaN(i.Half):
		return fmt.Sprintf("%.4g", i.Mean)
	}
	return fmt.Sprintf("%.4g ± %.2g", i.Mean, i.Half)
}
