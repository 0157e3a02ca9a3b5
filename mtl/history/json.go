package history

import (
	"encoding/json"
	"math"
)

// number is a float64 that JSON can hold: what is not finite becomes null, and null is read as NaN.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	if !finite(float64(n)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*n = number(math.NaN())
		return nil
	}
	return json.Unmarshal(data, (*float64)(n))
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// fields is Record without its methods; the maps of wireRecord hide those embedded here.
type fields Record

type wireRecord struct {
	fields
	Loss   map[string]number            `json:"loss"`
	Weight map[string]number            `json:"weight,omitempty"`
	Metric map[string]map[string]number `json:"metric,omitempty"`
	Values map[string][]number          `json:"values,omitempty"`
}

// MarshalJSON writes figures that are not finite as null: JSON has no NaN.
func (r Record) MarshalJSON() ([]byte, error) {
	w := wireRecord{fields: fields(r), Loss: convert[number](r.Loss), Weight: convert[number](r.Weight)}
	if r.Metric != nil {
		w.Metric = make(map[string]map[string]number, len(r.Metric))
		for task, metrics := range r.Metric {
			w.Metric[task] = convert[number](metrics)
		}
	}
	if r.Values != nil {
		w.Values = make(map[string][]number, len(r.Values))
		for name, values := range r.Values {
			w.Values[name] = convertAll[number](values)
		}
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads null as NaN.
func (r *Record) UnmarshalJSON(data []byte) error {
	var w wireRecord
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*r = Record(w.fields)
	r.Loss, r.Weight = convert[float64](w.Loss), convert[float64](w.Weight)
	if w.Metric != nil {
		r.Metric = make(map[string]map[string]float64, len(w.Metric))
		for task, metrics := range w.Metric {
			r.Metric[task] = convert[float64](metrics)
		}
	}
	if w.Values != nil {
		r.Values = make(map[string][]float64, len(w.Values))
		for name, values := range w.Values {
			r.Values[name] = convertAll[float64](values)
		}
	}
	return nil
}

func convertAll[To, From ~float64](values []From) []To {
	out := make([]To, len(values))
	for i, v := range values {
		out[i] = To(v)
	}
	return out
}

func convert[To, From ~float64](m map[string]From) map[string]To {
	if m == nil {
		return nil
	}
	out := make(map[string]To, len(m))
	for k, v := range m {
		out[k] = To(v)
	}
	return out
}
