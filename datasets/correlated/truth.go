package correlated

import (
	"math"

	"github.com/gomtl/gomtl/datasets"
)

// Function is what the labels are made of: f(z) = z + Σ_i sin(α_i·z + β_i) of z = w·x.
type Function struct {
	// Weights are w of the first and of the second task, each [Features].
	Weights [2][]float64
	// Alpha and Beta are [Sines].
	Alpha, Beta []float64
}

// At is f(z).
func (f Function) At(z float64) float64 {
	y := z
	for i := range f.Alpha {
		y += math.Sin(f.Alpha[i]*z + f.Beta[i])
	}
	return y
}

// Truth is what is known exactly of the labels of a Config, of an endless number of examples.
type Truth struct {
	Function Function
	// Mean and Variance of a label, noise included; they are the same for both tasks.
	Mean, Variance float64
	// Covariance and Correlation of the labels of the two tasks.
	Covariance, Correlation float64
}

// Truth returns the function that the seed drew and the exact moments of the labels. With s = c², z₁ and z₂ normal of variance s and covariance ρ·s, the
// mean is Σ sin β_i·e^(-α_i²s/2) and the covariance of f(z₁) and f(z₂)
//
//	C(ρ) = ρs + 2ρs·Σ_i α_i·cos β_i·e^(-α_i²s/2) - mean²
//	     + Σ_ij ½·(cos(β_i-β_j)·e^(-(α_i²+α_j²-2ρα_iα_j)s/2) - cos(β_i+β_j)·e^(-(α_i²+α_j²+2ρα_iα_j)s/2))
//
// so the variance is C(1) + Noise², the covariance C(p). An error says which field of the Config cannot be.
func (c Config) Truth() (Truth, error) {
	c, err := c.withDefaults()
	if err != nil {
		return Truth{}, err
	}
	return c.truth(), nil
}

// truth is Truth of a Config whose defaults are filled in.
func (c Config) truth() Truth {
	t := Truth{Function: c.function()}
	alpha, beta, s := t.Function.Alpha, t.Function.Beta, c.Scale*c.Scale
	linear := 1.0
	for i, a := range alpha {
		decay := math.Exp(-a * a * s / 2)
		t.Mean += math.Sin(beta[i]) * decay
		linear += 2 * a * math.Cos(beta[i]) * decay
	}
	covariance := func(rho float64) float64 {
		total := rho*s*linear - t.Mean*t.Mean
		for i, a := range alpha {
			for j, b := range alpha {
				total += math.Cos(beta[i]-beta[j]) * math.Exp(-(a*a+b*b-2*rho*a*b)*s/2) / 2
				total -= math.Cos(beta[i]+beta[j]) * math.Exp(-(a*a+b*b+2*rho*a*b)*s/2) / 2
			}
		}
		return total
	}
	t.Variance = covariance(1) + c.Noise*c.Noise
	t.Covariance = covariance(c.P)
	t.Correlation = t.Covariance / t.Variance
	return t
}

// function draws what all examples share, from a stream that no example has. The directions and α and β do not depend on P, c or the noise.
func (c Config) function() Function {
	random := datasets.Stream(c.Seed, datasets.Train, -1)
	normal := func(n int) []float64 {
		values := make([]float64, n)
		for i := range values {
			values[i] = random.NormFloat64()
		}
		return values
	}
	f := Function{Alpha: normal(c.Sines), Beta: normal(c.Sines)}
	u, v := normal(c.Features), normal(c.Features)
	scale(u, 1/math.Sqrt(dot(u, u)))
	along := dot(u, v)
	for i := range v {
		v[i] -= along * u[i]
	}
	scale(v, 1/math.Sqrt(dot(v, v)))
	across := math.Sqrt(1 - c.P*c.P)
	f.Weights[0], f.Weights[1] = make([]float64, c.Features), make([]float64, c.Features)
	for i := range u {
		f.Weights[0][i] = c.Scale * u[i]
		f.Weights[1][i] = c.Scale * (c.P*u[i] + across*v[i])
	}
	return f
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func scale(a []float64, by float64) {
	for i := range a {
		a[i] *= by
	}
}
