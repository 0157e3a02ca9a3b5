// Package landscape is the problem on which methods that combine task gradients are shown at work: two losses in two parameters, with a
// deep valley at an angle in each, a wall where they meet the plain below, and a Pareto set at the bottom (Liu et al., "Conflict-Averse Gradient
// Descent for Multi-task Learning", NeurIPS 2021, section 5.1 and appendix; with a scale also Navon et al., "Multi-Task Learning as a Bargaining
// Game", ICML 2022, and Liu et al., "FAMO", NeurIPS 2023).
//
// Problem has the losses as plain numbers, for pictures, and as an mtl.Model, for any trainer. Walk trains it from several starts by a method, tens of thousands of
// steps a second.
package landscape
