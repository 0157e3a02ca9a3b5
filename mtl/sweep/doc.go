// Package sweep trains a model under many settings, task weights above all, on one compiled program, and finds out which to take.
//
//	found, err := sweep.Run(ctx, m, data, sweep.Options{
//		Fit:      mtl.FitOptions{Backend: b, Steps: 1500, LearningRate: 2e-3},
//		Settings: sweep.Product(sweep.LogRatio("seg", 1, 1024, 6), sweep.Seeds(1, 2, 3)),
//		Dir:      "runs/weights",
//	})
//	fmt.Print(found) // a table, the Pareto front, the setting chosen and why
//
// A list of settings is all there is to a search space: SimplexGrid, Dirichlet, LogRatio and List make task weights, Grid, Random and Sobol values of any
// hyper-parameter, Methods and Seeds what their names say, and Product combines them. Adaptive adds settings where the Pareto front is thin, Halving stops
// those early that others dominate.
//
// Weights, hyper-parameters, learning rate and seed are inputs of the program: settings with the same method share one compilation, and the data on the
// device. Each setting is a run folder, so a sweep that was killed goes on where it was, by the same call. A setting that fails is recorded with its
// error and stops no other. Each task is also trained alone, for Δm.
package sweep
