package relate

import (
	"math"

	"github.com/gomtl/gomtl/mtl/affinity"
)

// CKA is the linear centred kernel alignment of the tasks' representations X and Y of the same examples, centred (Kornblith et al., "Similarity of Neural Network Representations Revisited",
// ICML 2019, section 3):
//
//	‖XᵀY‖_F² / (‖XᵀX‖_F·‖YᵀY‖_F)
//
// 1 for representations that differ by a rotation and a factor. It is biased upwards where there are few examples for the width, most of all between unrelated representations:
// see UnbiasedCKA.
func CKA(r *Represented) (*affinity.Matrix, error) {
	return alignment(r, "linear CKA", func(x, y [][]float64) float64 {
		sum := 0.0
		for _, row := range product(x, y) {
			for _, v := range row {
				sum += v * v
			}
		}
		return sum
	})
}

// UnbiasedCKA is linear CKA with the unbiased estimator of HSIC (Song et al., "Feature Selection via Dependence Maximization", JMLR 2012, equation 5), as Nguyen, Raghu and Kornblith use it ("Do Wide
// and Deep Networks Learn the Same Things?", ICLR 2021): 0 on average for independent representations, whatever the number of examples, so it may be negative, and means over batches
// of its numerator and denominator do not depend on the batch size.
func UnbiasedCKA(r *Represented) (*affinity.Matrix, error) {
	return alignment(r, "linear CKA, unbiased", unbiasedHSIC)
}

// alignment is HSIC(X, Y)/√(HSIC(X, X)·HSIC(Y, Y)) of all pairs.
func alignment(r *Represented, measures string, hsic func(x, y [][]float64) float64) (*affinity.Matrix, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	centred := make([][][]float64, len(r.Tasks))
	own := make([]float64, len(r.Tasks))
	for i, rows := range r.Rows {
		centred[i] = centre(rows)
		own[i] = hsic(centred[i], centred[i])
	}
	m := affinity.New(measures, true, r.Tasks...)
	for i := range r.Tasks {
		m.Values[i][i] = 1
		for j := range i {
			v := hsic(centred[i], centred[j]) / math.Sqrt(own[i]*own[j])
			if own[i] <= 0 || own[j] <= 0 {
				v = math.NaN() // a representation that is constant
			}
			m.Values[i][j], m.Values[j][i] = v, v
		}
	}
	return m, nil
}

// unbiasedHSIC takes K = XXᵀ and L = YYᵀ without their diagonals: (tr(KL) + 1ᵀK1·1ᵀL1/((n-1)(n-2)) - 2/(n-2)·1ᵀKL1) / (n(n-3)), of which no n×n matrix is made.
func unbiasedHSIC(x, y [][]float64) float64 {
	n := float64(len(x))
	trace := 0.0
	for _, row := range product(x, y) {
		for _, v := range row {
			trace += v * v
		}
	}
	rowsX, ownX := kernelSums(x)
	rowsY, ownY := kernelSums(y)
	var sumX, sumY, both float64
	for i := range x {
		trace -= ownX[i] * ownY[i]
		sumX, sumY, both = sumX+rowsX[i], sumY+rowsY[i], both+rowsX[i]*rowsY[i]
	}
	return (trace + sumX*sumY/((n-1)*(n-2)) - 2/(n-2)*both) / (n * (n - 3))
}

// kernelSums are, for each example, the sum of its row of XXᵀ without the diagonal, and the diagonal.
func kernelSums(x [][]float64) (rows, own []float64) {
	total := make([]float64, len(x[0]))
	for _, row := range x {
		for k, v := range row {
			total[k] += v
		}
	}
	for _, row := range x {
		square := dot(row, row)
		rows, own = append(rows, dot(row, total)-square), append(own, square)
	}
	return rows, own
}

// product is XᵀY.
func product(x, y [][]float64) [][]float64 {
	p := make([][]float64, len(x[0]))
	for k := range p {
		p[k] = make([]float64, len(y[0]))
	}
	for n, row := range x {
		for k, v := range row {
			if v == 0 {
				continue
			}
			to := p[k]
			for l, w := range y[n] {
				to[l] += v * w
			}
		}
	}
	return p
}

// centre takes the mean over the examples from each column.
func centre(rows [][]float64) [][]float64 {
	mean := make([]float64, len(rows[0]))
	for _, row := range rows {
		for k, v := range row {
			mean[k] += v / float64(len(rows))
		}
	}
	out := make([][]float64, len(rows))
	for n, row := range rows {
		out[n] = make([]float64, len(row))
		for k, v := range row {
			out[n][k] = v - mean[k]
		}
	}
	return out
}

func dot(x, y []float64) (sum float64) {
	for i := range x {
		sum += x[i] * y[i]
	}
	return sum
}
