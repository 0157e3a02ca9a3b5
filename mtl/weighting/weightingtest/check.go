// Package weightingtest tests weightings, those of this module and anybody's own.
package weightingtest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/internal/weigh"
	"github.com/gomtl/gomtl/mtl"
)

// Check tests what every weighting promises, then the given properties. A weighting promises that
//
//   - weights, head factors and combined gradient are finite whatever the gradients are: one task or 40, zero, equal, opposite, tiny, huge or
//     not finite rows, tasks without labels; and that such a step does not spoil the next;
//   - a task that is not active has weight 0 and might as well not exist, and its numbers do not matter;
//   - equal seeds give equal bits, on one backend and over a run that is saved and resumed;
//   - heads get the gradient that the method says: weighted, or their own;
//   - its state follows the names of the tasks into another order;
//   - its hyper-parameters change between steps without a compilation;
//   - it trains a model whose tasks lack labels now and then, one step a call or many (on XLA not with -short);
//   - XLA and the pure-Go backend agree.
//
// The method must take any number of tasks, so leave out settings that hold one number a task. Methods that evaluate the model at other
// parameters (bilevel ones) are only tested on a model, and have no properties.
func Check(t *testing.T, method mtl.Weighting, properties ...Property) {
	t.Helper()
	onModel(t, method)
	s := newSubject(t, backendtest.Go(t), method)
	if _, err := s.session(dtypes.Float64, ordinary(2, 1)[0]).Step(ordinary(2, 1)[0]); errors.Is(err, mtl.ErrNeedsModel) {
		if len(properties) > 0 {
			t.Errorf("%T needs a model; properties are tested on matrices", method)
		}
		return
	}
	t.Run("finite", s.finite)
	t.Run("inactive", s.inactive)
	t.Run("seed", s.seeded)
	t.Run("heads", s.heads)
	t.Run("hyper-parameters", s.hyperparameters)
	t.Run("backends", s.backends)
	for _, p := range properties {
		t.Run(p.name, func(t *testing.T) { p.test(t, s) })
	}
}

// subject is the method under test with its programs.
type subject struct {
	backend  compute.Backend
	method   mtl.Weighting
	sessions map[string]*weigh.Session
	fatal    func(format string, args ...any)
}

func newSubject(t *testing.T, b compute.Backend, method mtl.Weighting) *subject {
	return &subject{backend: b, method: method, sessions: map[string]*weigh.Session{}, fatal: t.Fatalf}
}

// session returns the method before its first step on states shaped like this one.
func (s *subject) session(dtype dtypes.DType, state weigh.State) *weigh.Session {
	key := fmt.Sprint(dtype, len(state.Jacobian), len(state.Jacobian[0]), len(state.Parts))
	session := s.sessions[key]
	var err error
	if session == nil {
		session, err = weigh.NewSession(s.backend, s.method, dtype, 1)
		s.sessions[key] = session
	} else {
		err = session.Reset()
	}
	if err != nil {
		s.fatal("%v", err)
	}
	return session
}

// steps runs the method from its start over some states.
func (s *subject) steps(dtype dtypes.DType, states ...weigh.State) []*weigh.Result {
	session := s.session(dtype, states[0])
	results := make([]*weigh.Result, len(states))
	for i, state := range states {
		r, err := session.Step(state)
		if err != nil {
			s.fatal("step %d on %s: %v", i, describe(state), err)
		}
		results[i] = r
	}
	return results
}

// first is the method's first step on a Jacobian with losses of 1.
func (s *subject) first(jacobian [][]float64) *weigh.Result {
	return s.steps(dtypes.Float64, weigh.State{Jacobian: jacobian})[0]
}
