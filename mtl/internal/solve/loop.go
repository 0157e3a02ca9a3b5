package solve

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// While repeats body on the state while cond, a boolean scalar, is true, and returns the last state. It works inside the body of another
// loop. cond and body may use nothing but the state s and constants from graph.Const: XLA refuses what was made outside, and GoMLX's
// functions named ...Scalar (and OnesLike and the like) share their constants between functions.
func While(state []*graph.Node, cond func(s []*graph.Node) *graph.Node, body func(s []*graph.Node) []*graph.Node) []*graph.Node {
	g := state[0].Graph()
	condition := closure(g, state, func(s []*graph.Node) []*graph.Node { return []*graph.Node{cond(s)} })
	return graph.While(condition, closure(g, state, body), state...)
}

// closure makes a function of parameters shaped as state.
func closure(g *graph.Graph, state []*graph.Node, define func(s []*graph.Node) []*graph.Node) *graph.Function {
	dims := make([]shapes.Shape, len(state))
	for i, s := range state {
		dims[i] = s.Shape()
	}
	return graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		adopt(g)
		s := make([]*graph.Node, len(dims))
		for i, shape := range dims {
			// XLA wants names that are unique over all functions of a program: the number of the node is.
			s[i] = graph.Parameter(g, fmt.Sprintf("solve_%d", len(g.Nodes())), shape)
		}
		return define(s)
	})
}

// adopt makes the closure being built a child of the function around it. GoMLX v0.28.2 makes every closure a child of the main function,
// and both backends refuse a loop whose closures are not children of the function that runs it: without this, a loop in the body of
// another cannot be built. There is no exported way to the backend's function.
func adopt(g *graph.Graph) {
	current := private[*graph.Function](reflect.ValueOf(g).Elem(), "currentFunc")
	inner := private[compute.Function](reflect.ValueOf(*current).Elem(), "backendFunc")
	outer := private[compute.Function](reflect.ValueOf((*current).Parent()).Elem(), "backendFunc")
	if (*inner).Parent() == *outer {
		return
	}
	child, err := (*outer).Closure()
	if err == nil {
		err = finish(*inner)
	}
	if err != nil {
		exceptions.Panicf("mtl: no loop can be built inside %s: %v", (*current).Parent().Path(), err)
	}
	*inner = child
}

// finish ends a function that nothing calls: XLA refuses a program with an unfinished one.
func finish(f compute.Function) error {
	zero, err := f.Constant([]int32{0})
	if err != nil {
		return err
	}
	return f.Return([]compute.Value{zero}, nil)
}

// private is the address of an unexported field of GoMLX's.
func private[T any](structure reflect.Value, name string) *T {
	field := structure.FieldByName(name)
	if !field.IsValid() || field.Type() != reflect.TypeFor[T]() {
		exceptions.Panicf("mtl: this version of GoMLX has no %s.%s of type %s, which loops inside loops need", structure.Type(), name, reflect.TypeFor[T]())
	}
	return (*T)(unsafe.Pointer(field.UnsafeAddr()))
}
