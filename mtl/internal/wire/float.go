// Package wire is how the files of runs and studies hold JSON: numbers that are not finite, and
// checksums.
package wire

import (
	"encoding/json"
	"fmt"
	"math"
)

// Float is a number in JSON, which has none that are not finite: NaN is null, an infinite one the
// text "Infinity" or "-Infinity".
type Float float64

const infinity, minusInfinity = `"Infinity"`, `"-Infinity"`

// MarshalJSON implements json.Marshaler.
func (f Float) MarshalJSON() ([]byte, error) {
	switch v := float64(f); {
	case math.IsNaN(v):
		return []byte("null"), nil
	case math.IsInf(v, 1):
		return []byte(infinity), nil
	case math.IsInf(v, -1):
		return []byte(minusInfinity), nil
	default:
		return json.Marshal(v)
	}
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Float) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "null":
		*f = Float(math.NaN())
	case infinity:
		*f = Float(math.Inf(1))
	case minusInfinity:
		*f = Float(math.Inf(-1))
	default:
		if err := json.Unmarshal(data, (*float64)(f)); err != nil {
			return fmt.Errorf("wanted a number, null, %s or %s, got %.40s",
				infinity, minusInfinity, data)
		}
	}
	return nil
}

// Slice converts to Floats, or back.
func Slice[To, From ~float64](values []From) []To {
	out := make([]To, len(values))
	for i, v := range values {
		out[i] = To(v)
	}
	return out
}

// Map converts to Floats, or back; nil stays nil.
func Map[To, From ~float64](values map[string]From) map[string]To {
	return each(values, func(v From) To { return To(v) })
}

// Maps does so with maps of maps.
func Maps[To, From ~float64](values map[string]map[string]From) map[string]map[string]To {
	return each(values, Map[To, From])
}

// Slices does so with maps of lists.
func Slices[To, From ~float64](values map[string][]From) map[string][]To {
	return each(values, Slice[To, From])
}

func each[To, From any](values map[string]From, convert func(From) To) map[string]To {
	if values == nil {
		return nil
	}
	out := make(map[string]To, len(values))
	for k, v := range values {
		out[k] = convert(v)
	}
	return out
}
