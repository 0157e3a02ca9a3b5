package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// halves are the two halves of a batch that bilevel methods need: one to train on, one to see what it brought. All gradients are on all of the
// model's trainable variables, heads included.
type halves struct {
	step      *mtl.Step
	variables []*model.Variable
	theta     []*graph.Node
	train     *mtl.Step
}

func halve(s *mtl.Step) halves {
	h := halves{step: s, variables: s.ModelVariables()}
	for _, v := range h.variables {
		h.theta = append(h.theta, v.NodeValue(s.Graph()))
	}
	h.train = s.Batch(0, 2).On(h.theta)
	return h
}

// at is half i of the batch with other values of the variables.
func (h halves) at(i int, theta []*graph.Node) *mtl.Step {
	values := map[*model.Variable]*graph.Node{}
	for k, v := range h.variables {
		values[v] = theta[k]
	}
	return h.step.Evaluate(i, 2, values).On(theta)
}

// descend is a step of gradient descent.
func descend(theta, gradient []*graph.Node, rate *graph.Node) []*graph.Node {
	next := make([]*graph.Node, len(theta))
	for k, value := range theta {
		next[k] = graph.Sub(value, graph.Mul(gradient[k], graph.ConvertDType(rate, value.DType())))
	}
	return next
}

// slopeOf is the gradient of Σ w_t·L_t on nodes; a task that is not active is left out.
func slopeOf(s *mtl.Step, weights *graph.Node, nodes []*graph.Node) []*graph.Node {
	weights = only(isActive(s), graph.ConvertDType(graph.StopGradient(weights), s.Losses.DType()))
	return graph.Gradient(graph.ReduceAllSum(graph.Mul(weights, s.Losses)), nodes...)
}

// dot is the inner product of two vectors given in parts, float64.
func dot(a, b []*graph.Node) *graph.Node {
	var sum *graph.Node
	for k := range a {
		part := wide(graph.ReduceAllSum(graph.Mul(a[k], b[k])))
		if sum == nil {
			sum = part
		} else {
			sum = graph.Add(sum, part)
		}
	}
	return sum
}

// dots are the inner products of each row with a vector, float64 [T].
func dots(rows [][]*graph.Node, vector []*graph.Node) *graph.Node {
	products := make([]*graph.Node, len(rows))
	for t, row := range rows {
		products[t] = dot(row, vector)
	}
	return graph.Stack(products, 0)
}

// allFinite tells whether every entry is, [T] like x.
func allFinite(x *graph.Node) *graph.Node {
	bad := graph.LogicalAny(graph.LogicalNot(graph.IsFinite(x)))
	return graph.LogicalNot(graph.BroadcastToDims(bad, x.Shape().Dimensions...))
}
