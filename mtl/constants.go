package mtl

import (
	"fmt"
	"hash"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// constants is a backend that hashes the constants of every graph that is built on it. GoMLX leaves
// those of 32 values and more out of the text of a graph.
type constants struct {
	compute.Backend
	hash hash.Hash
}

// Builder is the backend's own, watched.
func (c constants) Builder(name string) compute.Builder {
	return constantsBuilder{c.Backend.Builder(name), c.hash}
}

type constantsBuilder struct {
	compute.Builder
	hash hash.Hash
}

func (b constantsBuilder) Main() compute.Function {
	return constantsFunction{b.Builder.Main(), b.hash}
}

func (b constantsBuilder) NewFunction(name string) (compute.Function, error) {
	f, err := b.Builder.NewFunction(name)
	return constantsFunction{f, b.hash}, err
}

// constantsFunction hashes in Constant. Its other methods hand the backend its own functions back.
type constantsFunction struct {
	compute.Function
	hash hash.Hash
}

func (f constantsFunction) Constant(flat any, dims ...int) (compute.Value, error) {
	data := dtypes.UnsafeByteSliceFromAny(flat)
	fmt.Fprintf(f.hash, "%T %v %d:", flat, dims, len(data))
	f.hash.Write(data)
	return f.Function.Constant(flat, dims...)
}

func (f constantsFunction) Closure() (compute.Function, error) {
	closure, err := f.Function.Closure()
	return constantsFunction{closure, f.hash}, err
}

func (f constantsFunction) Call(called compute.Function, inputs ...compute.Value) ([]compute.Value, error) {
	return f.Function.Call(plain(called), inputs...)
}

func (f constantsFunction) Sort(comparator compute.Function, axis int, stable bool, inputs ...compute.Value) ([]compute.Value, error) {
	return f.Function.Sort(plain(comparator), axis, stable, inputs...)
}

func (f constantsFunction) While(cond, body compute.Function, state ...compute.Value) ([]compute.Value, error) {
	return f.Function.While(plain(cond), plain(body), state...)
}

func (f constantsFunction) If(pred compute.Value, yes, no compute.Function) ([]compute.Value, error) {
	return f.Function.If(pred, plain(yes), plain(no))
}

// plain is the backend's function that a constantsFunction watches.
func plain(f compute.Function) compute.Function {
	if own, ok := f.(constantsFunction); ok {
		return own.Function
	}
	return f
}
