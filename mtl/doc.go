// Package mtl trains multi-task models: one network with a shared part and a head for each task, on the weighted sum of the task losses.
//
//	Split ─▶ Fit ─▶ history.History (and a run folder)
//
// A [Model] is an [Architecture], which maps the inputs to one representation per task, and its tasks. A [Task] has a [Head], which makes
// predictions of its representation, a loss, and metrics; [Classification], [Binary], [MultiLabel], [Regression], [Segmentation] and
// [PixelRegression] fill it in. Variables under scope "shared" belong to all tasks, those under "task/NAME" to one. Architectures are in package arch.
//
// A [Split] holds inputs, and labels and masks by task name. [Fit] compiles whole optimisation steps for the backend, many to a call
// where that is faster, and keeps each task's loss, weight and metrics; [Evaluate] and [Predict] use what was trained. A [Weighting] chooses the
// weights of the objective Σ_t w_t·L_t in every step; methods are in package weighting. With FitOptions.RunDir an interrupted run goes on to the same bits.
//
// GoMLX is used, not wrapped: stores, nodes, optimisers and data sets are GoMLX's, and [Model] and [Optimizer] drop into a stock train.Trainer.
//
// Functions that build graphs panic with "mtl: ...", as GoMLX's do; all others return errors.
package mtl
