package plotting

import (
	"fmt"
	"math"
)

// Scatter draws a regression: the predicted against the true value of each example, with the line on which they are equal and,
// in the heading, R² = 1 − Σ(y−ŷ)²/Σ(y−ȳ)² and the root mean squared error.
type Scatter struct {
	Title string // "Prediction against truth" when empty
	Unit  string // of both axes, as "mm"; none when empty
	Task  int    // the task's position in its run, for its colour
}

// Figure draws one dot an example. Dots that would cover each other are drawn once. Examples with a NaN or infinite value are
// left out of the dots and of the figures.
func (s Scatter) Figure(truth, prediction []float64) *Figure {
	if len(truth) != len(prediction) {
		return failed("scatter: want as many predictions as true values, got %d and %d", len(prediction), len(truth))
	}
	var points []xy
	for i := range truth {
		if isFinite(truth[i]) && isFinite(prediction[i]) {
			points = append(points, xy{truth[i], prediction[i]})
		}
	}
	unit := ""
	if s.Unit != "" {
		unit = " (" + s.Unit + ")"
	}
	r2, rmse := regressionFit(points)
	color := taskLook(s.Task).color
	a := axes{xLabel: "truth" + unit, yLabel: "prediction" + unit}
	p := panels{title: orDefault(s.Title, "Prediction against truth"), width: 380, areaHeight: 300}
	if len(points) > 0 {
		low, high := valueRange(points)
		identity := curve{points: []xy{{low, low}, {high, high}}, color: softInk, width: 1, dashes: validationDashes}
		dots := curve{points: thin(points, low, high), color: color, dots: 1.9}
		a.curves = []curve{dots, identity}
		p.subtitle = fmt.Sprintf("R² %.3f, RMSE %.4g, %d examples", r2, rmse, len(points))
		if math.IsNaN(r2) {
			p.subtitle = fmt.Sprintf("R² undefined, RMSE %.4g, %d examples", rmse, len(points))
		}
		p.legend = legend{
			{name: "example", sample: curve{color: color, marker: markers[0]}},
			{name: "prediction = truth", sample: identity},
		}
	}
	p.axes = []axes{a}
	if p.subtitle == "" {
		return p.figure(nil)
	}
	return p.figure([]string{p.subtitle})
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// regressionFit returns R², NaN when the true values do not vary, and the root mean squared error.
func regressionFit(points []xy) (r2, rmse float64) {
	var all []float64
	for _, p := range points {
		all = append(all, p.x, p.y)
	}
	size := exponent(all...) // in units of 2^size no square overflows
	n, mean := float64(len(points)), 0.0
	for _, p := range points {
		mean += math.Ldexp(p.x, -size) / n
	}
	var residual, total float64
	for _, p := range points {
		x, y := math.Ldexp(p.x, -size), math.Ldexp(p.y, -size)
		residual += (x - y) * (x - y)
		total += (x - mean) * (x - mean)
	}
	r2 = math.NaN()
	if total > 0 {
		r2 = 1 - residual/total
	}
	return r2, math.Ldexp(math.Sqrt(residual/n), size)
}

func valueRange(points []xy) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range points {
		low, high = math.Min(low, math.Min(p.x, p.y)), math.Max(high, math.Max(p.x, p.y))
	}
	return low, high
}

// thin keeps the first point of each cell of a grid whose cells are much smaller than a dot's gap to its neighbour.
func thin(points []xy, low, high float64) (kept []xy) {
	const cells = 150
	seen := map[[2]int]bool{}
	for _, p := range points {
		cell := [2]int{}
		if low < high {
			cell = [2]int{int(cells * ratio(p.x, low, high)), int(cells * ratio(p.y, low, high))}
		}
		if !seen[cell] {
			seen[cell] = true
			kept = append(kept, p)
		}
	}
	return kept
}
