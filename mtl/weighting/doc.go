// Package weighting holds methods that choose the weights w_t of the objective Σ_t w_t·L_t in each training step, one method a file. Each is
// a struct whose zero value has the defaults of its paper; give it to mtl.Optimizer, or to mtl.Fit.
//
// Loss weightings look at the losses alone, and cost nothing beside the one backward pass of the weighted sum: Equal, Mean, Fixed, RLW, Uncertainty,
// DWA, GLS, ScaleInvariant, IMTLL, STCH, STCHLogNadir, PBI, COSMOS, and FAMO, which needs one more forward pass.
//
// Gradient methods look at the tasks' gradients, one backward pass each, or at their inner products: MGDA, PELTR, PCGrad, GradVac,
// CAGrad, NashMTL, UPGrad and others. mtl.Gradients says where these are taken and what the heads get. Some take several parts of the batch (MoDo,
// SDMGrad) or differentiate through a step of training (AutoLambda, MOML, FORUM). Smoothed averages the weights of any method over the steps.
//
// Numbers such as a temperature, a rate or a preference are inputs of the compiled program: mtl.SetHyperparameter changes them between
// steps. A field that is 0 stands for its default.
//
// A task that is not active in a step (no label in the batch, or a loss or gradient that is not finite) is left out of it: the others get the weights that they
// would get without it, and its own state stays. With a gradient method that keeps what is not finite from all parameters but its own; a loss weighting's
// single backward pass mixes all tasks, and carries it on.
//
// The scales differ: Equal, Fixed and DWA have Σw = T, others 1 or no constant, so the step of the optimiser is not comparable at the same learning
// rate. Each method's comment names its scale.
package weighting
