package wire_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/internal/wire"
	"pgregory.net/rapid"
)

// Every number comes back as it was, bit for bit but for the bits of a NaN.
func TestFloat(t *testing.T) {
	special := rapid.SampledFrom([]float64{
		math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), math.MaxFloat64, 5e-324,
	})
	value := rapid.OneOf(special, rapid.Float64())
	rapid.Check(t, func(t *rapid.T) {
		want := map[string][]float64{"a": rapid.SliceOf(value).Draw(t, "values")}
		data, err := json.Marshal(wire.Slices[wire.Float](want))
		if err != nil {
			t.Fatal(err)
		}
		var got map[string][]wire.Float
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		for i, v := range wire.Slices[float64](got)["a"] {
			w := want["a"][i]
			if math.Float64bits(v) != math.Float64bits(w) && !(math.IsNaN(v) && math.IsNaN(w)) {
				t.Fatalf("%v came back as %v", w, v)
			}
		}
	})
	for _, text := range []string{`"NaN"`, `"infinity"`, `"1"`, `true`, `{}`, `1e999`} {
		var f wire.Float
		err := json.Unmarshal([]byte(text), &f)
		if err == nil || !strings.Contains(err.Error(), "wanted a number") {
			t.Errorf("%s is read as %v, %v", text, f, err)
		}
	}
}

func TestNilStaysNil(t *testing.T) {
	var one map[string]float64
	var two map[string]map[string]float64
	if wire.Map[wire.Float](one) != nil || wire.Maps[wire.Float](two) != nil {
		t.Error("a map that is nil became one that is not")
	}
	two = map[string]map[string]float64{"a": nil}
	if len(wire.Maps[wire.Float](two)) != 1 {
		t.Error("an entry that is nil is gone")
	}
}
