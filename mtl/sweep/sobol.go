package sweep

import (
	"math"
	"math/bits"
)

// MaxSobol is the number of dimensions that Sobol has direction numbers for.
const MaxSobol = 10

const sobolBits = 32

// directions are the primitive polynomials and first direction numbers of the dimensions after the first (Joe and Kuo, "Constructing Sobol sequences
// with better two-dimensional projections", SIAM J. Sci. Comput. 2008, table new-joe-kuo-6): degree is the number of initial values.
var directions = []struct {
	polynomial uint32 // the inner coefficients
	initial    []uint32
}{
	{0, []uint32{1}},
	{1, []uint32{1, 3}},
	{1, []uint32{1, 3, 1}},
	{2, []uint32{1, 1, 1}},
	{1, []uint32{1, 1, 3, 3}},
	{4, []uint32{1, 3, 5, 13}},
	{2, []uint32{1, 1, 5, 5, 17}},
	{4, []uint32{1, 1, 5, 5, 5}},
	{7, []uint32{1, 1, 7, 11, 19}},
}

// sobol is coordinate d of point i of the sequence, in Gray code order, in [0, 1); NaN, which Run reports, in more dimensions than there are.
func sobol(i, d int) float64 {
	if d >= MaxSobol {
		return math.NaN()
	}
	v := directionNumbers(d)
	gray := uint32(i) ^ uint32(i)>>1
	x := uint32(0)
	for ; gray != 0; gray &= gray - 1 {
		x ^= v[bits.TrailingZeros32(gray)]
	}
	return float64(x) / (1 << sobolBits)
}

func directionNumbers(d int) (v [sobolBits]uint32) {
	if d == 0 {
		for k := range v {
			v[k] = 1 << (sobolBits - 1 - k)
		}
		return v
	}
	p := directions[d-1]
	degree := len(p.initial)
	for k := range v {
		if k < degree {
			v[k] = p.initial[k] << (sobolBits - 1 - k)
			continue
		}
		v[k] = v[k-degree] ^ v[k-degree]>>degree
		for j := 1; j < degree; j++ {
			if p.polynomial>>(degree-1-j)&1 == 1 {
				v[k] ^= v[k-j]
			}
		}
	}
	return v
}
