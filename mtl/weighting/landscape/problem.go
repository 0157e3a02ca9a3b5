package landscape

import "math"

// Problem is the pair of losses of θ = (x, y)
//
//	L₁ = s·(c₁·f₁ + c₂·q₁)    L₂ = c₁·f₂ + c₂·q₂
//	f₁ = log max(|(−x−7)/2 + tanh y|, 5e-6) + 6        q₁ = ((x−7)² + (y+8)²/10)/10 − 20    c₁ = max(tanh(y/2), 0)
//	f₂ = log max(|(−x+3)/2 − tanh y + 2|, 5e-6) + 6    q₂ = ((x+7)² + (y+8)²/10)/10 − 20    c₂ = max(−tanh(y/2), 0)
//
// (Liu et al. 2021, appendix; s is that of Navon et al. 2022). Above y = 0 each loss is a logarithmic valley, x = −7 + 2·tanh y and x = 7 − 2·tanh y; below, a bowl.
type Problem struct {
	// Scale is s, the imbalance of the losses. 0 means 1.
	Scale float64
	// Offset is added to both losses, which otherwise go down to −20·s and −20: 21 makes them positive, as methods want that take logarithms of losses or learn
	// their scale. It changes no gradient.
	Offset float64
}

// depth bounds the logarithms from below.
const depth = 5e-6

// Starts are the five points that the papers start from: three of CAGrad's, and two more of Nash-MTL's.
func Starts() [][2]float64 {
	return [][2]float64{{-8.5, 7.5}, {9, 9}, {-7.5, -0.5}, {9, -1}, {-8.5, -5}}
}

// Losses returns L₁ and L₂ at (x, y).
func (p Problem) Losses(x, y float64) (first, second float64) {
	v := at(x, y)
	return p.scale()*(v.c1*v.f[0]+v.c2*v.q[0]) + p.Offset, v.c1*v.f[1] + v.c2*v.q[1] + p.Offset
}

// Gradients returns ∂L₁ and ∂L₂ in (x, y). On the kink y = 0 it is the sum of the slopes on both sides, as automatic differentiation has it.
func (p Problem) Gradients(x, y float64) (first, second [2]float64) {
	v, gradients := at(x, y), [2][2]float64{}
	slope := 1 / (2 * math.Cosh(y/2) * math.Cosh(y/2))
	for t := range gradients {
		u := v.u[t]
		if math.Abs(u) >= depth {
			gradients[t] = [2]float64{-v.c1 / (2 * u), v.c1 * v.du[t] / u}
		}
		gradients[t][0] += v.c2 * (x - centre[t]) / 5
		gradients[t][1] += v.c2 * (y + 8) / 50
		if y >= 0 {
			gradients[t][1] += slope * v.f[t]
		}
		if y <= 0 {
			gradients[t][1] -= slope * v.q[t]
		}
	}
	for k := range gradients[0] {
		gradients[0][k] *= p.scale()
	}
	return gradients[0], gradients[1]
}

func (p Problem) scale() float64 {
	if p.Scale == 0 {
		return 1
	}
	return p.Scale
}

// centre has the x at which each bowl is deepest.
var centre = [2]float64{7, -7}

// parts are the terms of both losses; u is what the logarithms are taken of, du its slope in y.
type parts struct {
	c1, c2      float64
	u, du, f, q [2]float64
}

func at(x, y float64) parts {
	h, t, s := math.Tanh(y/2), math.Tanh(y), 1/(math.Cosh(y)*math.Cosh(y))
	v := parts{c1: math.Max(h, 0), c2: math.Max(-h, 0), u: [2]float64{(-x-7)/2 + t, (-x+3)/2 - t + 2}, du: [2]float64{s, -s}}
	for k := range v.f {
		v.f[k] = math.Log(math.Max(math.Abs(v.u[k]), depth)) + 6
		v.q[k] = ((x-centre[k])*(x-centre[k])+0.1*(y+8)*(y+8))/10 - 20
	}
	return v
}
