// Package weighting holds methods that choose the weights w_t of the objective Σ_t w_t·L_t in each training step, one method a file. Each is
// a struct whose zero value has the defaults of its paper; give it to mtl.Optimizer, or to mtl.Fit.
//
// The scales differ: Equal, Fixed and the first windows of DWA sum the losses (Σw = T), so the step of the optimiser is not comparable
// with that of a method whose weights sum to 1 at the same learning rate.
package weighting
