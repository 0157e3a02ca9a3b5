//go:build cgo

// Package interpose puts a store of compiled programs in front of a PJRT plugin.
//
// It loads the plugin and copies its table of functions. In the copy the function that compiles a
// program looks into the store first; every other entry is the plugin's own.
package interpose

/*
#cgo linux LDFLAGS: -ldl
#include <stdlib.h>
#include "interpose.h"
*/
import "C"

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"time"
	"unsafe"

	"github.com/gomtl/gomtl/internal/programs"
	"github.com/gomtl/gomtl/mtl/compilation"
)

// plugin is a loaded plugin with its store.
type plugin struct {
	table    *C.gomtl_table // the plugin's own
	store    *programs.Store
	identity []byte
}

var (
	mutex   sync.RWMutex
	plugins []*plugin // by slot
)

// Load loads the plugin at path and returns the address of a table of its functions whose programs
// are kept in store. identity stands for the plugin's bytes: a program is never loaded into another
// plugin than the one that compiled it. The plugin and its table stay for the life of the process.
func Load(path string, identity []byte, store *programs.Store) (uintptr, error) {
	mutex.Lock()
	defer mutex.Unlock()
	if len(plugins) == C.GOMTL_SLOTS {
		return 0, fmt.Errorf("interpose: %d plugins are loaded, the most there can be", len(plugins))
	}
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var why *C.char
	table := C.gomtl_open(name, &why)
	if table == nil {
		return 0, fmt.Errorf("interpose: plugin %s cannot be loaded: %s", path, C.GoString(why))
	}
	needed := C.size_t(unsafe.Sizeof(*table)) + C.GOMTL_FUNCTIONS*C.size_t(unsafe.Sizeof(uintptr(0)))
	if table.version.major != 0 || table.struct_size < needed {
		return 0, fmt.Errorf("interpose: plugin %s has version %d.%d of PJRT's interface and a table of %d bytes; wanted version 0 and %d or more",
			path, table.version.major, table.version.minor, table.struct_size, needed)
	}
	copied := C.gomtl_copy(table, C.int(len(plugins)))
	if copied == nil {
		return 0, fmt.Errorf("interpose: no memory for the table of plugin %s", path)
	}
	plugins = append(plugins, &plugin{table: table, store: store, identity: identity})
	return uintptr(unsafe.Pointer(copied)), nil
}

// gomtlCompile is called in place of the plugin's own function. It returns a PJRT error or nil.
//
//export gomtlCompile
func gomtlCompile(slot C.int, arguments unsafe.Pointer) unsafe.Pointer {
	mutex.RLock()
	p := plugins[slot]
	mutex.RUnlock()
	return p.compile((*C.gomtl_compile)(arguments))
}

func (p *plugin) compile(a *C.gomtl_compile) unsafe.Pointer {
	start := time.Now()
	key, err := p.key(a)
	if err == nil && p.load(key, a) {
		compilation.Loaded(time.Since(start))
		return nil
	}
	failure := C.gomtl_call(p.table, C.GOMTL_CLIENT_COMPILE, unsafe.Pointer(a))
	if failure != nil {
		return failure
	}
	if err == nil {
		p.keep(key, a)
	}
	compilation.Compiled(time.Since(start))
	return nil
}

// key is that of all that a compiled program depends on.
func (p *plugin) key(a *C.gomtl_compile) (programs.Key, error) {
	var version, kind C.gomtl_text
	var devices C.size_t
	if C.gomtl_platform(p.table, a.client, &version, &kind, &devices) == 0 {
		return programs.Key{}, fmt.Errorf("interpose: the plugin does not describe its platform")
	}
	return programs.NewKey(
		p.identity,
		view(version.text, version.text_size),
		view(kind.text, kind.text_size),
		binary.AppendUvarint(nil, uint64(devices)),
		processor(),
		[]byte(os.Getenv("XLA_FLAGS")),
		view(a.program.format, a.program.format_size),
		view(a.options, a.options_size),
		view(a.program.code, a.program.code_size),
	), nil
}

// load sets a's executable to the program of the store, and reports whether it could.
func (p *plugin) load(key programs.Key, a *C.gomtl_compile) bool {
	program := p.store.Get(key)
	if program == nil {
		return false
	}
	if C.gomtl_load_program(p.table, a.client, (*C.char)(unsafe.Pointer(unsafe.SliceData(program))), C.size_t(len(program)), &a.executable) == 0 {
		p.store.Forget(key)
		return false
	}
	return true
}

// keep puts a compiled program into the store. Where that fails, the next process compiles.
func (p *plugin) keep(key programs.Key, a *C.gomtl_compile) {
	var serialized C.gomtl_serialize
	if C.gomtl_serialize_program(p.table, a.executable, &serialized) == 0 {
		return
	}
	program := append([]byte(nil), view(serialized.bytes, serialized.bytes_size)...)
	C.gomtl_free_serialized(&serialized)
	if len(program) > 0 {
		_ = p.store.Put(key, program)
	}
}

// view is the memory of C as bytes, which live as long as C's.
func view(data *C.char, size C.size_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(data)), int(size))
}
