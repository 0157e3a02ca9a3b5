// Package plotting draws the figures of a multi-task run: losses, weights and metrics over time, several runs against each
// other, confusion matrices, segmentation panels, grids of examples and regression scatters; of a sweep over task weights: which setting is chosen and why; and, to
// explain methods, paths of training over a landscape and task gradients in conflict.
//
// Every plot is a struct whose zero value is a good default, with one method Figure that takes the data:
//
//	plotting.Losses{}.Figure(h).Save("losses.svg")
//	plotting.Losses{Log: true}.Figure(h).Save("losses.png")
//	plotting.Confusion{}.Figure(counts, classes).WriteHTML(w)
//
// Figure is a pure function of its arguments. Data that cannot be drawn (a ragged matrix, say) gives a Figure that reports
// the reason from Err and from every method that writes; no data at all gives a figure that says so.
//
// The package depends on mtl/history, mtl/study, mtl/affinity and plain Go types, never on GoMLX, so that a notebook cell that plots links fast.
//
// Affinity draws how tasks go together, Grouping what groups of tasks were predicted to gain and what they did (mtl/affinity).
//
// # Sweeps
//
// What a sweep found, or has found so far, is a study.Study; its figures are TradeOff (two objectives with the Pareto front), Chosen (the choice beside what it is compared
// with), SweepLosses (each task's loss by weight), Response (each objective against one weight or hyper-parameter), Simplex (three tasks' weights) and Parallel (any
// number of weights, hyper-parameters and objectives); SweepPlots lists those that suit a study, SweepTable is its table:
//
//	plotting.TradeOff{}.Figure(found).Save("trade-off.svg")
//	plotting.Response{By: "learning_rate"}.Figure(found).Save("rate.png")
//
// Each says more under the mouse, where its SVG stands in a page or its HTML is shown.
//
// # Colours
//
// A task has the same colour, dash pattern and marker in every figure, by its position in the run's list of tasks. The
// colours are those of Okabe and Ito ("Color Universal Design", 2008), which remain distinct under the common forms of colour
// blindness; dash pattern and marker tell the tasks apart in grey. Runs and classes have Paul Tol's "muted" colours, so that
// no run is mistaken for a task. Settings of a sweep have the colours of viridis by their weight or result, methods that weigh by
// themselves warm ones. Each figure is an opaque light card with a thin border, which reads on dark and light pages.
package plotting
