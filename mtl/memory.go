package mtl

import "reflect"

// ProgramMemory is what the backend's compiler says that a call of a program takes on the device, in bytes.
type ProgramMemory struct {
	// Inputs are the data on the device and the variables, Outputs the new variables and the report of the steps.
	Inputs, Outputs int64
	// Aliases are outputs that take the place of inputs.
	Aliases int64
	// Temporary is what lives within a call: activations, gradients, and the solver's matrices.
	Temporary int64
}

// Memory returns the compiler's own account of the training program; found is false on backends that keep none, as the pure-Go one.
func (c *Compiled) Memory() (m ProgramMemory, found bool) {
	// GoMLX hands out the executable, but go-xla v0.4.5 keeps the statistics in a field that is not exported: they are read, never written.
	at := reflect.ValueOf(c.executor.program.g.Executable())
	for _, name := range []string{"exec", "OnDeviceMemoryUsageStats"} {
		if at.Kind() != reflect.Pointer || at.IsNil() || at.Elem().Kind() != reflect.Struct {
			return m, false
		}
		if at = at.Elem().FieldByName(name); !at.IsValid() {
			return m, false
		}
	}
	for name, target := range map[string]*int64{"Inputs": &m.Inputs, "Outputs": &m.Outputs, "Aliases": &m.Aliases, "Temporary": &m.Temporary} {
		field := at.FieldByName(name)
		if !field.IsValid() || !field.CanInt() {
			return m, false
		}
		*target = field.Int()
	}
	return m, true
}
