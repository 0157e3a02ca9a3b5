// Package datasets has the types every data set of this module uses: a [Set] is three [mtl.Split] parts with a description
// of each task, and small functions make the sets of an experiment from it: a smaller training part ([Take]), labels that are
// missing at random ([DropLabels]), a task that has nothing to do with the inputs ([PermuteLabels]).
//
// One sub-package holds one data set, so that a program links only what it uses. Package datasettest has the
// conformance test that each of them passes.
//
// A data set that draws random numbers takes them from [Stream], one stream for each example, so that example i is the same
// whatever the number of examples and in whatever order they are made.
package datasets
