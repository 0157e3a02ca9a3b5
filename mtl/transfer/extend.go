package transfer

import (
	"slices"

	"github.com/gomtl/gomtl/mtl"
)

// Extend is the model with more tasks. A store that the smaller model was trained with serves it: Fit draws the variables of the new heads and keeps all others.
func Extend(m *mtl.Model, tasks ...mtl.Task) *mtl.Model {
	return &mtl.Model{Arch: m.Arch, Tasks: append(slices.Clone(m.Tasks), tasks...)}
}
