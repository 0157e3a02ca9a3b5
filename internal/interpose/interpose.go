//go:build cgo && (linux || darwin)

// Package interpose puts a store of compiled programs in front of a PJRT plugin.
//
// In the table of functions that a loaded plugin has for its callers it replaces the one that compiles
// a program by one that looks into the store first. Every other function is the plugin's own.
package interpose

/*
#cgo linux LDFLAGS: -ldl
#include <stdlib.h>
#include "interpose.h"
*/
import "C"

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/gomtl/gomtl/internal/programs"
)

// plugin is a loaded plugin whose compile function was replaced.
type plugin struct {
	table    *C.gomtl_table
	compile  C.gomtl_function // its own
	identity []byte
}

var (
	mutex   sync.RWMutex
	plugins []*plugin // by slot
)

// Keep makes the plugin at path, which is loaded already, keep its programs in the store that the
// environment chooses at each compilation. identity stands for the plugin's bytes: a program is never
// loaded into another plugin than the one that compiled it. To ask again changes nothing.
func Keep(path string, identity []byte) error {
	mutex.Lock()
	defer mutex.Unlock()
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var why *C.char
	table := C.gomtl_open(name, &why)
	if table == nil {
		return fmt.Errorf("interpose: plugin %s: %s", path, C.GoString(why))
	}
	if slices.ContainsFunc(plugins, func(p *plugin) bool { return p.table == table }) {
		return nil
	}
	if len(plugins) == C.GOMTL_SLOTS {
		return fmt.Errorf("interpose: %d plugins keep their programs, the most there can be", len(plugins))
	}
	needed := C.size_t(unsafe.Sizeof(*table)) + C.GOMTL_FUNCTIONS*C.size_t(unsafe.Sizeof(uintptr(0)))
	if table.version.major != 0 || table.struct_size < needed {
		return fmt.Errorf("interpose: plugin %s has version %d.%d of PJRT's interface and a table of %d bytes; wanted version 0 and %d or more",
			path, table.version.major, table.version.minor, table.struct_size, needed)
	}
	// The lock is held until the plugin has its slot, which a compilation at this moment waits for.
	own := C.gomtl_hook(table, C.int(len(plugins)))
	if own == nil {
		return fmt.Errorf("interpose: the table of plugin %s cannot be changed", path)
	}
	plugins = append(plugins, &plugin{table: table, compile: own, identity: identity})
	return nil
}

// gomtlCompile is called instead of the plugin's own function. It returns a PJRT error or nil.
//
//export gomtlCompile
func gomtlCompile(slot C.int, arguments unsafe.Pointer) unsafe.Pointer {
	mutex.RLock()
	p := plugins[slot]
	mutex.RUnlock()
	return p.run((*C.gomtl_compile)(arguments))
}

// run loads or compiles a program.
func (p *plugin) run(a *C.gomtl_compile) (failure unsafe.Pointer) {
	store, err := programs.FromEnvironment()
	if err != nil || dumps() {
		store = nil
	}
	key, err := p.key(a)
	if err != nil {
		store = nil
	}
	program := programs.Program{
		Name: nameOf(view(a.program.code, a.program.code_size)),
		Load: func(program []byte) bool { return p.load(program, a) },
		Compile: func() ([]byte, bool) {
			if failure = C.gomtl_compile_with(p.compile, a); failure != nil || store == nil {
				return nil, failure == nil
			}
			return p.serialize(a), true
		},
	}
	store.Run(key, program)
	return failure
}

// key is that of all that a compiled program depends on.
func (p *plugin) key(a *C.gomtl_compile) (programs.Key, error) {
	devices := make([]byte, 64<<10)
	length := C.gomtl_describe(p.table, a.client, pointer(devices), C.size_t(len(devices)))
	if length == 0 {
		return programs.Key{}, fmt.Errorf("interpose: the plugin does not describe its platform")
	}
	return programs.NewKey(
		p.identity,
		devices[:length],
		processor(),
		[]byte(strings.Join(settings(os.Environ()), "\x00")),
		view(a.program.format, a.program.format_size),
		view(a.options, a.options_size),
		view(a.program.code, a.program.code_size),
	), nil
}

// load sets a's executable to a kept program, and reports whether it could.
func (p *plugin) load(program []byte, a *C.gomtl_compile) bool {
	return C.gomtl_load_program(p.table, a.client, pointer(program), C.size_t(len(program)), &a.executable) != 0
}

// serialize returns the bytes of a's executable, nil where the plugin has none.
func (p *plugin) serialize(a *C.gomtl_compile) []byte {
	var serialized C.gomtl_serialize
	if C.gomtl_serialize_program(p.table, a.executable, &serialized) == 0 {
		return nil
	}
	defer C.gomtl_free_serialized(&serialized)
	return bytes.Clone(view(serialized.bytes, serialized.bytes_size))
}

// pointer is the start of data for C, which must not keep it.
func pointer(data []byte) *C.char { return (*C.char)(unsafe.Pointer(unsafe.SliceData(data))) }

// view is the memory of C as bytes, which live as long as C's.
func view(data *C.char, size C.size_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(data)), int(size))
}
