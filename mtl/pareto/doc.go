// Package pareto has the geometry of several objectives at once: which points are not dominated, how much space they dominate, where the front is
// thin and where it bends. A point is one value an objective, and lower is better in each; a figure that is better when higher enters with its sign
// changed. A point with a value that is not finite is on no front. Points of one call have as many values each: functions panic where finite ones do not.
//
// The package imports the standard library only.
package pareto
