package backend

import (
	"debug/elf"
	"fmt"
	"os"
	"runtime"
	"slices"
)

// entryPoint is the function that every PJRT plugin exports.
const entryPoint = "GetPjrtApi"

// machines maps Go's names of processors to those of an ELF header.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// checkELF returns an error unless the file at path is, by its headers, a whole 64-bit shared library for this processor that
// exports the entry point of a PJRT plugin: loading anything else could crash the process.
func checkELF(path string) error {
	if runtime.GOOS != "linux" {
		return nil // other systems use other formats, and check them when they load one
	}
	file, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("backend: plugin %s is truncated or no shared library: %w", path, err)
	}
	defer file.Close()
	if want := machines[runtime.GOARCH]; file.Class != elf.ELFCLASS64 || file.Machine != want || file.Type != elf.ET_DYN {
		return fmt.Errorf("backend: plugin %s is built for another machine: want a 64-bit %v shared library, got %v %v %v",
			path, want, file.Class, file.Machine, file.Type)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	for _, segment := range file.Progs {
		if end := segment.Off + segment.Filesz; end > uint64(info.Size()) {
			return fmt.Errorf("backend: plugin %s is truncated: want at least %d bytes, got %d", path, end, info.Size())
		}
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return fmt.Errorf("backend: plugin %s is damaged, its symbols cannot be read: %w", path, err)
	}
	if !slices.ContainsFunc(symbols, func(s elf.Symbol) bool {
		return s.Name == entryPoint && s.Section != elf.SHN_UNDEF
	}) {
		return fmt.Errorf("backend: %s is a shared library but no PJRT plugin: it does not export %s", path, entryPoint)
	}
	return nil
}
