package sweep

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/gomtl/gomtl/mtl"
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
		settings[i].Weighting, settings[i].Method = w, methodName(w)
	}
	return settings
}

// methodName is the type's name with the fields that are set, such as "CAGrad{C:0.4}".
func methodName(w mtl.Weighting) string {
	value := reflect.Indirect(reflect.ValueOf(w))
	name := value.Type().Name()
	if value.Kind() != reflect.Struct {
		return fmt.Sprintf("%s(%v)", name, value.Interface())
	}
	var fields []string
	for i := range value.NumField() {
		field := value.Field(i)
		if !value.Type().Field(i).IsExported() || field.IsZero() {
			continue
		}
		text := fmt.Sprintf("%+v", field.Interface())
		if inner, ok := field.Interface().(mtl.Weighting); ok {
			text = methodName(inner)
		}
		fields = append(fields, value.Type().Field(i).Name+":"+text)
	}
	if len(fields) == 0 {
		return name
	}
	return name + "{" + strings.Join(fields, " ") + "}"
}
