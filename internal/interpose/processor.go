package interpose

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/cpu"
)

// processor describes the processor that machine code is made for. XLA compiles for the very model
// that it runs on, so a folder shared by different machines must not mix their programs.
var processor = sync.OnceValue(func() []byte {
	// XLA splits loops among as many cores as there are.
	cores := runtime.NumCPU()
	if description := fromCPUInfo("/proc/cpuinfo"); description != nil {
		return fmt.Appendf(description, "%d cores", cores)
	}
	return fmt.Appendf(nil, "%s %s %+v %+v %d cores", runtime.GOOS, runtime.GOARCH, cpu.X86, cpu.ARM64, cores)
})

// fields of /proc/cpuinfo that name the model and what it can do, on x86 and on ARM.
var fields = [][]byte{
	[]byte("vendor_id"), []byte("cpu family"), []byte("model"), []byte("model name"), []byte("stepping"), []byte("flags"),
	[]byte("CPU implementer"), []byte("CPU architecture"), []byte("CPU variant"), []byte("CPU part"), []byte("Features"),
}

// fromCPUInfo returns the fields of the first processor of the file; nil where it has none.
func fromCPUInfo(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	first, _, _ := bytes.Cut(data, []byte("\n\n"))
	var description []byte
	for line := range bytes.Lines(first) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		for _, field := range fields {
			if bytes.Equal(bytes.TrimSpace(name), field) {
				description = append(description, line...)
			}
		}
	}
	return description
}
