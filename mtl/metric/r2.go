package metric

import (
	"math"
	"math/big"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// R2 is the coefficient of determination 1 - Σ(y-ŷ)² / Σ(y-ȳ)²: labels float32 [batch] or [batch, values], predictions of the
// same shape. Several values are averaged, each having its own R². A constant target gives 1 when every prediction is exact and 0
// otherwise. scikit-learn: r2_score.
//
// Σ(y-ȳ)² is Σy² - (Σy)²/n, a difference that loses all its digits when the labels lie far from 0. So each label is cut in
// two halves of 12 bits, y = high + low, whose products are exact in float64 and stay so when summed (for up to 2^27 labels of like
// size; where sizes differ much, the difference loses nothing), and the difference is taken in arithmetic of 300 bits.
type R2 struct{}

// Name is "R2".
func (R2) Name() string { return "R2" }

// HigherIsBetter is true.
func (R2) HigherIsBetter() bool { return true }

// Sums is [values·7]: for each value the labels, Σ(y-ŷ)², Σhigh, Σlow, Σhigh², Σhigh·low, Σlow².
func (r R2) Sums(label, mask, prediction *graph.Node) *graph.Node {
	checkSame(r.Name(), label, mask, prediction)
	label, mask, prediction = byColumn(graph.ConvertDType(label, dtypes.Float32)), byColumn(mask), byColumn(prediction)
	label = graph.Where(mask, label, graph.ZerosLike(label))
	// Bits, not arithmetic: compilers may simplify roundings away.
	upper := graph.BitwiseAnd(graph.Bitcast(label, dtypes.Uint32), graph.Scalar(label.Graph(), dtypes.Uint32, uint32(0xfffff000)))
	high := graph.ConvertDType(graph.Bitcast(upper, dtypes.Float32), dtypes.Float64)
	label = graph.ConvertDType(label, dtypes.Float64)
	low := graph.Sub(label, high)
	residual := graph.Sub(label, graph.ConvertDType(prediction, dtypes.Float64))
	return columnSums(mask, graph.OnesLike(label), graph.Square(residual), high, low, graph.Square(high), graph.Mul(high, low), graph.Square(low))
}

// Value is R², NaN with fewer than two labels.
func (R2) Value(sums []float64) float64 {
	return columnMean(sums, 7, func(sums []float64) (float64, bool) { return r2(sums), sums[0] >= 2 })
}

// r2 is R² of one value with two labels or more.
func r2(sums []float64) float64 {
	residual := sums[1]
	exact := make([]*big.Float, len(sums))
	for i, sum := range sums {
		if math.IsNaN(sum) || math.IsInf(sum, 0) {
			return math.NaN()
		}
		exact[i] = new(big.Float).SetPrec(300).SetFloat64(sum)
	}
	of := func() *big.Float { return new(big.Float).SetPrec(300) }
	// n·Σ(y-ȳ)² = n·(Σhigh² + 2·Σhigh·low + Σlow²) - (Σhigh + Σlow)²
	squares := of().Add(of().Add(exact[4], exact[6]), of().Add(exact[5], exact[5]))
	sum := of().Add(exact[2], exact[3])
	spread := of().Sub(of().Mul(exact[0], squares), of().Mul(sum, sum))
	if spread.Sign() <= 0 {
		if residual == 0 {
			return 1
		}
		return 0
	}
	share, _ := of().Quo(of().Mul(exact[0], exact[1]), spread).Float64()
	return 1 - share
}
