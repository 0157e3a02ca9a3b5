package interpose

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const cpuInfo = `processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 143
model name	: Intel(R) Xeon(R)
stepping	: 8
microcode	: 0xffffffff
cpu MHz		: 2000.000
cache size	: 107520 KB
flags		: fpu vme avx2 avx512f
bugs		: spectre_v1
bogomips	: 4000.00

processor	: 1
flags		: none
`

// What XLA compiles for counts, and what changes from one moment to the next does not.
func TestProcessorOfCPUInfo(t *testing.T) {
	describe := func(text string) string {
		path := filepath.Join(t.TempDir(), "cpuinfo")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return string(fromCPUInfo(path))
	}
	want := describe(cpuInfo)
	if strings.Count(want, "\n") != 6 {
		t.Errorf("six fields are wanted:\n%s", want)
	}
	for _, change := range [][2]string{{" avx512f", ""}, {": 143", ": 85"}, {": 8", ": 7"}, {"GenuineIntel", "AuthenticAMD"}} {
		if describe(strings.Replace(cpuInfo, change[0], change[1], 1)) == want {
			t.Errorf("%q instead of %q is the same processor", change[1], change[0])
		}
	}
	for _, change := range [][2]string{{"2000.000", "3117.254"}, {"4000.00", "4000.02"}, {"flags		: none", "flags		: some"}} {
		if describe(strings.Replace(cpuInfo, change[0], change[1], 1)) != want {
			t.Errorf("%q instead of %q is another processor", change[1], change[0])
		}
	}
	if fromCPUInfo(filepath.Join(t.TempDir(), "absent")) != nil {
		t.Error("an absent file describes a processor")
	}
	if len(processor()) == 0 {
		t.Error("this machine's processor is not described")
	}
}

func TestSettings(t *testing.T) {
	got := settings([]string{"PATH=/bin", "XLA_FLAGS=--b", "TF_A=1", "NVIDIA_TF32_OVERRIDE=0", "NVIDIA_VISIBLE_DEVICES=all"})
	want := []string{"NVIDIA_TF32_OVERRIDE=0", "TF_A=1", "XLA_FLAGS=--b"}
	if !slices.Equal(got, want) {
		t.Errorf("%q; wanted %q", got, want)
	}
}

func TestNameOf(t *testing.T) {
	for code, want := range map[string]string{
		"module @mtl_training_steps attributes {a = 1} {": "mtl_training_steps",
		`module @"a b" {`: "a",
		"module {":        "",
		"":                "",
	} {
		if got := nameOf([]byte(code)); got != want {
			t.Errorf("%q has the name %q; wanted %q", code, got, want)
		}
	}
}
