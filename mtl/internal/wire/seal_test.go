package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/gomtl/gomtl/mtl/internal/wire"
)

type thing struct {
	Name string             `json:"name"`
	More map[string]float64 `json:"more,omitempty"`
}

func TestSeal(t *testing.T) {
	want := thing{"a\n}", map[string]float64{"b": 1.5}}
	text, err := wire.Seal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got thing
	if err := wire.Unseal(text, &got); err != nil || got.Name != want.Name || got.More["b"] != 1.5 {
		t.Errorf("%+v, %v", got, err)
	}
	if !json.Valid(text) {
		t.Errorf("no JSON: %s", text)
	}
	for at := range text {
		for bit := range 8 {
			bad := bytes.Clone(text)
			bad[at] ^= 1 << bit
			if err := wire.Unseal(bad, &thing{}); err == nil {
				t.Errorf("bit %d of byte %d changed, and nothing is wrong with %s", bit, at, bad)
			}
		}
		if err := wire.Unseal(text[:at], &thing{}); err == nil {
			t.Errorf("nothing is wrong with the first %d bytes", at)
		}
		if err := wire.Unseal(text[at+1:], &thing{}); err == nil {
			t.Errorf("nothing is wrong without the first %d bytes", at+1)
		}
	}
	if err := wire.Unseal([]byte(`{"name": "x"}`), &thing{}); !errors.Is(err, wire.ErrNotSealed) {
		t.Errorf("an object without a seal: %v", err)
	}
	for _, empty := range []any{struct{}{}, []int{1}, 3} {
		if _, err := wire.Seal(empty); err == nil {
			t.Errorf("%v is sealed", empty)
		}
	}
}
