package mtl_test

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
)

func TestIsPureGo(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		if want := b == backendtest.Go(t); mtl.IsPureGo(b) != want || !mtl.OnCPU(b) {
			t.Errorf("backend %q, %q: pure Go %v, on a CPU %v; wanted %v, true", b.Name(), b.DeviceDescription(0), mtl.IsPureGo(b), mtl.OnCPU(b), want)
		}
	})
}
