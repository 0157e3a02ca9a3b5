// Package transfer uses the training of one task for another: trunks that are saved, copied and loaded without their heads, frozen trunks and layers that thaw
// one after the other, learning rates by layer, penalties that keep what was learnt (L2-SP, elastic weight consolidation), distillation, replay, and
// a comparison of all that with training from scratch.
//
// Everything works on the store of a model and on what package mtl has: a trunk is the variables under the scope "shared", a method of fine-tuning is an
// optimiser around another one or a change of the split, and training is mtl.Fit.
package transfer
