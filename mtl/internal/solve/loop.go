package solve

import (
	"fmt"
	"reflect"
	"strings"
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
		f := adopt(g)
		forget(f.Builder())
		s := make([]*graph.Node, len(dims))
		for i, shape := range dims {
			// XLA wants names that are unique over all functions of a program: the number of the node is.
			s[i] = graph.Parameter(g, fmt.Sprintf("solve_%d", len(g.Nodes())), shape)
		}
		outputs := define(s)
		forget(f.Builder())
		return outputs
	})
}

// adopt makes the closure being built a child of the function around it. GoMLX v0.28.8 makes every closure a child of the main function,
// and both backends refuse a loop whose closures are not children of the function that runs it: without this, a loop in the body of
// another cannot be built. There is no exported way to the backend's function, which is returned.
func adopt(g *graph.Graph) compute.Function {
	current := private[*graph.Function](reflect.ValueOf(g).Elem(), "currentFunc")
	inner := private[compute.Function](reflect.ValueOf(*current).Elem(), "backendFunc")
	outer := private[compute.Function](reflect.ValueOf((*current).Parent()).Elem(), "backendFunc")
	if (*inner).Parent() == *outer {
		return *inner
	}
	child, err := (*outer).Closure()
	if err == nil {
		err = finish(*inner)
	}
	if err != nil {
		exceptions.Panicf("mtl: no loop can be built inside %s: %v", (*current).Parent().Path(), err)
	}
	*inner = child
	return child
}

// forget empties the caches of the functions that reductions call. go-xla v0.4.5 keeps one of each kind for a whole program, but a
// reduction may use a child of its own function alone: without this, a sum in a loop forbids sums everywhere else.
func forget(b compute.Builder) {
	builder := reflect.ValueOf(b).Elem()
	for i := range builder.NumField() {
		if field := builder.Field(i); field.Kind() == reflect.Map && strings.HasPrefix(builder.Type().Field(i).Name, "cache") {
			reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Clear()
		}
	}
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
		exceptions.Panicf("mtl: loops inside loops need %s.%s of type %s, which this version of GoMLX lacks",
			structure.Type(), name, reflect.TypeFor[T]())
	}
	return (*T)(unsafe.Pointer(field.UnsafeAddr()))
}
