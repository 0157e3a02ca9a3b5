package sweep

import (
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/describe"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// Setting is one choice of everything that a sweep varies. What it leaves open is as in Options.Fit.
type Setting struct {
	study.Setting
	// Weighting is the method; nil means fixed task weights where Weights are given, and else Options.Fit.Weighting. With a method that has a preference, such
	// as UPGrad, Weights are that preference, scaled to the sum 1.
	Weighting mtl.Weighting
}

// Product combines each setting of one list with each of the next, the last list changing fastest. Where two lists say something about the same thing, the
// later one counts.
func Product(lists ...[]Setting) []Setting {
	all := []Setting{{}}
	for _, list := range lists {
		var next []Setting
		for _, a := range all {
			for _, b := range list {
				merged := Setting{Setting: a.Merged(b.Setting), Weighting: a.Weighting}
				if b.Weighting != nil {
					merged.Weighting = b.Weighting
				}
				next = append(next, merged)
			}
		}
		all = next
	}
	return all
}

// Seeds is a setting for each seed. A setting with several seeds is reported as their mean with its 95 % interval.
func Seeds(seeds ...int64) []Setting {
	settings := make([]Setting, len(seeds))
	for i, seed := range seeds {
		settings[i].Seed = seed
	}
	return settings
}

// Methods is a setting for each weighting. Each has a graph of its own, so a sweep compiles one program a method; weighting.Fixed shares that of all fixed task
// weights.
func Methods(weightings ...mtl.Weighting) []Setting {
	settings := make([]Setting, len(weightings))
	for i, w := range weightings {
		if fixed, ok := w.(weighting.Fixed); ok {
			settings[i].Weights = fixed
			continue
		}
		settings[i].Weighting, settings[i].Method = w, describe.Value(w) // such as "CAGrad{C:0.4}"
	}
	return settings
}
