package relate

import (
	"math"

	"github.com/gomtl/gomtl/mtl/affinity"
)

// RSA is representation similarity analysis (Dwivedi and Roig, "Representation Similarity Analysis for Efficient Task Taxonomy & Transfer Learning", CVPR 2019, section 3): how unlike two
// examples are to a task is 1 - the correlation of their representations; the value for two tasks is Spearman's rank correlation of that over all pairs of examples. Time grows with the square
// of the number of examples: 300 are plenty.
func RSA(r *Represented) (*affinity.Matrix, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	unlike := make([][]float64, len(r.Tasks))
	for i, rows := range r.Rows {
		unit := make([][]float64, len(rows))
		for n, row := range rows {
			unit[n] = standardised(row)
		}
		for a := range unit {
			for b := range a {
				unlike[i] = append(unlike[i], 1-dot(unit[a], unit[b]))
			}
		}
	}
	m := affinity.New("RSA: rank correlation of dissimilarities", true, r.Tasks...)
	for i := range r.Tasks {
		m.Values[i][i] = 1
		for j := range i {
			v, err := affinity.Spearman(unlike[i], unlike[j])
			if err != nil {
				return nil, err
			}
			m.Values[i][j], m.Values[j][i] = v, v
		}
	}
	return m, nil
}

// standardised has mean 0 and length 1, or is 0 where row is constant.
func standardised(row []float64) []float64 {
	mean, square := 0.0, 0.0
	for _, v := range row {
		mean += v / float64(len(row))
	}
	out := make([]float64, len(row))
	for k, v := range row {
		out[k] = v - mean
		square += out[k] * out[k]
	}
	if square > 0 {
		for k := range out {
			out[k] /= math.Sqrt(square)
		}
	}
	return out
}
