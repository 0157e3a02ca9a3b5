// Package tools pins the Go programs that notebooks need, in a module file of their own so that they add nothing to the
// requirements of gomtl's users. To move to other versions:
//
//	go get -modfile=tools/tools.mod -tool github.com/janpfeifer/gonb@VERSION
package tools

import _ "embed" // for the two files

// Mod and Sum are a go.mod and its go.sum.
var (
	//go:embed tools.mod
	Mod []byte
	//go:embed tools.sum
	Sum []byte
)
