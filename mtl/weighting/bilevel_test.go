package weighting_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// twoLevels is a model with a closed form and heads: z = tanh(u·x) for x [rows, 2], and task t predicts a_t·z + b_t. Its parameters are, in order, u, and a
// and b of each task.
type twoLevels struct{}

var twoLevelsStart = []float64{0.7, -0.4, 1, 0.2, -1.5, 0.1, 0.6, -0.3}

func (twoLevels) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	u := scope.At(mtl.SharedScope).VariableWithValue("u", halved(twoLevelsStart[:2])).NodeValue(inputs[0].Graph())
	z := graph.Tanh(graph.ReduceSum(graph.Mul(inputs[0], graph.InsertAxes(u, 0)), 1))
	features := make([]*graph.Node, len(tasks))
	for t := range features {
		features[t] = z
	}
	return features
}

func halved(x []float64) []float32 {
	out := make([]float32, len(x))
	for i := range x {
		out[i] = float32(x[i])
	}
	return out
}

func twoLevelsModel() *mtl.Model {
	m := &mtl.Model{Arch: twoLevels{}}
	for t, name := range names {
		m.Tasks = append(m.Tasks, mtl.Regression(name, 1, mtl.WithHead(mtl.HeadFunc(func(scope *model.Scope, z *graph.Node) *graph.Node {
			ab := scope.VariableWithValue("ab", halved(twoLevelsStart[2+2*t:4+2*t])).NodeValue(z.Graph())
			at := func(i int) *graph.Node { return graph.Reshape(graph.SliceAxis(ab, 0, graph.AxisElem(i))) }
			return graph.Add(graph.Mul(z, at(0)), at(1))
		}))))
	}
	return m
}

// rowsOf is a batch of six examples: the halves are rows 0 to 2 and 3 to 5.
type rowsOf struct {
	x     [][2]float64
	y     [][]float64 // [task][row]
	known [][]bool
}

// twoLevelsBatches differ in every step; where masked, task 1 now and then lacks labels in the first half, the second or both.
func twoLevelsBatches(count int, masked bool) []rowsOf {
	wave := func(i int) float64 { return math.Sin(1.7*float64(i) + 0.1*float64(i*i%7)) }
	out := make([]rowsOf, count)
	for s := range out {
		for i := range 6 {
			out[s].x = append(out[s].x, [2]float64{wave(s*6 + i), wave(s*5 + 3*i + 1)})
		}
		for t := range names {
			var y []float64
			var known []bool
			for i := range 6 {
				y = append(y, wave(s*11+t*7+2*i)+float64(t)/2)
				known = append(known, !masked || t != 1 || (s%4 == 0) || (s%4 == 1 && i < 3) || (s%4 == 2 && i >= 3))
			}
			out[s].y, out[s].known = append(out[s].y, y), append(out[s].known, known)
		}
	}
	return out
}

// loss of task t on rows from low to below high, its gradient, and whether there is a label.
func (b *rowsOf) loss(p []float64, t, low, high int) (value float64, slope []float64, active bool) {
	slope = make([]float64, len(p))
	n := 0.0
	for i := low; i < high; i++ {
		if !b.known[t][i] {
			continue
		}
		n++
		z := math.Tanh(p[0]*b.x[i][0] + p[1]*b.x[i][1])
		r := p[2+2*t]*z + p[3+2*t] - b.y[t][i]
		value += r * r
		slope[2+2*t] += 2 * r * z
		slope[3+2*t] += 2 * r
		for k := range 2 {
			slope[k] += 2 * r * p[2+2*t] * (1 - z*z) * b.x[i][k]
		}
	}
	if n == 0 {
		return 0, slope, false
	}
	for k := range slope {
		slope[k] /= n
	}
	return value / n, slope, true
}

// all losses of rows, with the tasks that have any.
func (b *rowsOf) all(p []float64, low, high int) (losses []float64, slopes [][]float64, active []int) {
	for t := range names {
		value, slope, any := b.loss(p, t, low, high)
		losses, slopes = append(losses, value), append(slopes, slope)
		if any {
			active = append(active, t)
		}
	}
	return losses, slopes, active
}

func moved(p []float64, rate float64, direction []float64) []float64 {
	next := make([]float64, len(p))
	for k := range p {
		next[k] = p[k] - rate*direction[k]
	}
	return next
}

// derivative is that of f in each entry of x by central differences.
func derivative(f func(x []float64) float64, x []float64) []float64 {
	const h = 1e-5
	d := make([]float64, len(x))
	for i := range x {
		up, down := append([]float64{}, x...), append([]float64{}, x...)
		up[i], down[i] = up[i]+h, down[i]-h
		d[i] = (f(up) - f(down)) / (2 * h)
	}
	return d
}

// handAdam is Adam for the tasks that move.
type handAdam struct{ steps, first, second []float64 }

func newHandAdam() *handAdam {
	return &handAdam{make([]float64, 3), make([]float64, 3), make([]float64, 3)}
}

func (a *handAdam) update(x, gradient []float64, rate float64, moves []int) {
	for _, t := range moves {
		a.steps[t]++
		a.first[t] = 0.9*a.first[t] + 0.1*gradient[t]
		a.second[t] = 0.999*a.second[t] + 0.001*gradient[t]*gradient[t]
		first, second := a.first[t]/(1-math.Pow(0.9, a.steps[t])), a.second[t]/(1-math.Pow(0.999, a.steps[t]))
		x[t] -= rate * first / (math.Sqrt(second) + 1e-8)
	}
}

// learnsWeights is the independent form of a bilevel method: weights for the whole batch, and the vector that it learns.
type learnsWeights interface {
	weights(b *rowsOf, p []float64) []float64
	learnt() []float64
}

type autoLambdaByHand struct {
	lambda          []float64
	adam            *handAdam
	primary         []float64
	rate, innerRate float64
}

func (a *autoLambdaByHand) learnt() []float64 { return a.lambda }

func (a *autoLambdaByHand) weights(b *rowsOf, p []float64) []float64 {
	_, slopes, active := b.all(p, 0, 3)
	gradient := derivative(func(lambda []float64) float64 {
		losses, _, _ := b.all(moved(p, a.innerRate, mix(lambda, slopes)), 3, 6)
		return dot(a.primary, losses)
	}, a.lambda)
	a.adam.update(a.lambda, gradient, a.rate, active)
	return a.lambda
}

type momlByHand struct {
	alpha           []float64
	adam            *handAdam
	rate, innerRate float64
}

func (m *momlByHand) learnt() []float64 { return m.alpha }

func (m *momlByHand) weights(b *rowsOf, p []float64) []float64 {
	_, slopes, trained := b.all(p, 0, 3)
	_, _, judged := b.all(p, 3, 6)
	lines := make([][]float64, 3)
	for v := range lines {
		lines[v] = derivative(func(alpha []float64) float64 {
			losses, _, _ := b.all(moved(p, m.innerRate, mix(softmax(alpha, trained), slopes)), 3, 6)
			return losses[v]
		}, m.alpha)
		if size := norm(lines[v]); size > 0 {
			for k := range lines[v] {
				lines[v][k] /= size
			}
		}
	}
	gamma := slowest(crossed(lines, lines, judged), make([]float64, 3), 0, judged)
	down := mix(gamma, lines)
	if norm(down) < 1e-7 { // no α is better for all: what is left is the error of the differences, which Adam would scale up
		down = make([]float64, 3)
	}
	m.adam.update(m.alpha, down, m.rate, trained)
	_, _, active := b.all(p, 0, 6)
	return softmax(m.alpha, active)
}

type forumByHand struct {
	alpha, lambda        []float64
	adam                 *handAdam
	step                 float64
	phi, rate, innerRate float64
	innerSteps           int
}

func (f *forumByHand) learnt() []float64 { return f.alpha }

func (f *forumByHand) weights(b *rowsOf, p []float64) []float64 {
	before, slopes, trained := b.all(p, 0, 3)
	shares := softmax(f.alpha, trained)
	q, theta := mix(shares, slopes), p
	for range f.innerSteps {
		_, slopes, _ := b.all(theta, 0, 3)
		theta = moved(theta, f.innerRate, mix(shares, slopes))
	}
	after, _, _ := b.all(theta, 0, 3)
	own := derivative(func(alpha []float64) float64 {
		w := softmax(alpha, trained)
		return dot(w, before) - dot(w, after)
	}, f.alpha)
	square := dot(q, q) + dot(own, own)
	size := math.Sqrt(square)

	_, rows, judged := b.all(p, 3, 6)
	units, cosines, norms := make([][]float64, 3), make([]float64, 3), make([]float64, 3)
	for t, row := range rows {
		units[t] = make([]float64, len(row))
		if norms[t] = norm(row); norms[t] > 0 {
			units[t] = moved(units[t], -1/norms[t], row)
			cosines[t] = dot(units[t], q) / size
		}
	}
	next := slowest(crossed(units, units, judged), cosines, f.phi*size, judged)
	f.step++
	lambda, keep := share(f.lambda, judged)
	for t := range lambda {
		lambda[t] += math.Pow(f.step, -0.75) * (next[t] - lambda[t])
	}
	keep(lambda)
	nu := 0.0
	for _, t := range judged {
		nu += lambda[t] * (f.phi - dot(units[t], q)/square)
	}
	nu = max(nu, 0)
	for t := range own {
		own[t] *= nu
	}
	f.adam.update(f.alpha, own, f.rate, trained)
	weights := make([]float64, 3)
	for _, t := range judged {
		weights[t] = lambda[t] / norms[t]
	}
	for _, t := range trained {
		weights[t] += nu * shares[t]
	}
	return weights
}

// slowest is the argmin on the simplex of ½λᵀGλ − ½·max(b − cᵀλ, 0)², by many steps of projected gradient descent.
func slowest(gramian [][]float64, c []float64, b float64, active []int) []float64 {
	lambda := onSimplex(filled(len(c), 0), active)
	for range 20000 {
		pull, next := max(b-dot(c, lambda), 0), make([]float64, len(c))
		for t := range next {
			next[t] = lambda[t] - 0.2*(dot(gramian[t], lambda)+pull*c[t])
		}
		lambda = onSimplex(next, active)
	}
	return lambda
}

func TestBilevel(t *testing.T) {
	const rate = 0.05
	cases := []struct {
		name, state string
		method      mtl.Weighting
		hand        func() learnsWeights
	}{
		{"auto-lambda", "/mtl/auto_lambda/lambda", weighting.AutoLambda{}, func() learnsWeights {
			return &autoLambdaByHand{filled(3, 0.1), newHandAdam(), filled(3, 1), 1e-4, 0.1}
		}},
		{"auto-lambda for one task", "/mtl/auto_lambda/lambda", weighting.AutoLambda{Primary: []string{"three"}, Initial: 0.5, Rate: 0.03, InnerRate: 0.3}, func() learnsWeights {
			return &autoLambdaByHand{filled(3, 0.5), newHandAdam(), []float64{0, 0, 1}, 0.03, 0.3}
		}},
		{"moml", "/mtl/moml/alpha", weighting.MOML{}, func() learnsWeights {
			return &momlByHand{filled(3, 0), newHandAdam(), 1e-3, 0.1}
		}},
		{"moml, fast", "/mtl/moml/alpha", weighting.MOML{Rate: 0.05, InnerRate: 0.3}, func() learnsWeights {
			return &momlByHand{filled(3, 0), newHandAdam(), 0.05, 0.3}
		}},
		{"forum", "/mtl/forum/alpha", weighting.FORUM{}, func() learnsWeights {
			return &forumByHand{filled(3, 0), filled(3, 1.0/3), newHandAdam(), 0, 0.1, 1e-3, 0.1, 5}
		}},
		{"forum, strict", "/mtl/forum/alpha", weighting.FORUM{Phi: 2, Rate: 0.05, InnerRate: 0.2, InnerSteps: 1}, func() learnsWeights {
			return &forumByHand{filled(3, 0), filled(3, 1.0/3), newHandAdam(), 0, 2, 0.05, 0.2, 1}
		}},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				m, store := twoLevelsModel(), model.NewStore()
				sgd := optimizer.StochasticGradientDescent().WithDecay(false).WithLearningRate(rate).Done()
				trainer := train.NewTrainer(backend, store, m.Graph, m.Loss, mtl.Optimizer(c.method, sgd), nil, nil)
				hand, p := c.hand(), append([]float64{}, twoLevelsStart...)
				for _, b := range twoLevelsBatches(16, true) {
					if _, err := trainer.TrainStep(b.data()); err != nil {
						t.Fatalf("%+v", err)
					}
					weights := hand.weights(&b, p)
					_, slopes, _ := b.all(p, 0, 6)
					p = moved(p, rate, mix(weights, slopes))
					compare(t, "what is learnt", values(t, store, c.state), hand.learnt())
					got := values(t, store, "/shared/u")
					for _, name := range names {
						got = append(got, values(t, store, "/task/"+name+"/head/ab")...)
					}
					compare(t, "parameters", got, p)
				}
			})
		}
	})
}

func (b *rowsOf) data() train.Batch {
	var x [][]float32
	for _, row := range b.x {
		x = append(x, halved(row[:]))
	}
	batch := train.Batch{Inputs: []*tensors.Tensor{tensors.FromValue(x)}}
	for t := range names {
		batch.Labels = append(batch.Labels, tensors.FromValue(halved(b.y[t])), tensors.FromValue(b.known[t]))
	}
	return batch
}
