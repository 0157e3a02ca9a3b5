// Package study holds what a sweep found: its settings, how each trial of them went, and what follows. Which settings no other beats, how much they
// dominate, how they compare with tasks trained alone, which one to take and why. A sweep (package sweep) writes a study into a folder while it runs;
// Load reads it at any time.
//
// It imports neither GoMLX nor a backend, so that a notebook cell that plots or prints a study links fast.
package study
