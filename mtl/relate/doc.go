// Package relate measures how tasks are related, before and while they are trained together, and which should share a model.
//
// While a model trains, probes watch it: [Conflict] (cosines and magnitudes of the task gradients, whole and by layer), [PCGradConditions], and [LookAhead] (the
// affinity of TAG: what a step for one task does to the others' losses).
//
// On models trained on each task alone ([Alone] trains them all with one compilation): [ActiveSubspaces] (do they look at the same directions of the input?), [CKA] and [RSA]
// (do they represent the same inputs alike?), [Transfer] (does the trunk of one help another?). [LabelCorrelation] looks at the labels only.
//
// All give an affinity.Matrix; affinity.Search finds the groups with the highest predicted gain, and [Groups] trains them to measure it.
//
// They measure different things. Cosines of gradients tell of conflict at the moment, not of relatedness; which measures recover a known relatedness, and which do not, is in
// docs/relatedness.md.
package relate
