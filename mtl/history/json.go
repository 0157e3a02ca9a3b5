package history

import (
	"encoding/json"
	"math"

	"github.com/gomtl/gomtl/mtl/internal/wire"
)

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// fields is Record without its methods; the maps of wireRecord hide those embedded here.
type fields Record

type wireRecord struct {
	fields
	Loss   map[string]wire.Float            `json:"loss"`
	Weight map[string]wire.Float            `json:"weight,omitempty"`
	Metric map[string]map[string]wire.Float `json:"metric,omitempty"`
	Values map[string][]wire.Float          `json:"values,omitempty"`
}

// MarshalJSON writes figures that are NaN as null, infinite ones as "Infinity" and "-Infinity": JSON has none of the three.
func (r Record) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireRecord{
		fields: fields(r), Loss: wire.Map[wire.Float](r.Loss), Weight: wire.Map[wire.Float](r.Weight),
		Metric: wire.Maps[wire.Float](r.Metric), Values: wire.Slices[wire.Float](r.Values),
	})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Record) UnmarshalJSON(data []byte) error {
	var w wireRecord
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*r = Record(w.fields)
	r.Loss, r.Weight = wire.Map[float64](w.Loss), wire.Map[float64](w.Weight)
	r.Metric, r.Values = wire.Maps[float64](w.Metric), wire.Slices[float64](w.Values)
	return nil
}
