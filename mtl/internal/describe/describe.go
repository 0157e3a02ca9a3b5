// Package describe puts configurations into words that are the same in every process: what a
// training was, to be compared with what is asked for.
package describe

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
)

// Value is a configuration as its type and its fields, such as "CAGrad{C:0.4}", pointers followed,
// fields of the zero value left out, long lists and tensors by their SHA-256. A function is its
// name: what it holds of the place that made it cannot be seen.
func Value(v any) string {
	w := &writer{open: map[uintptr]bool{}}
	w.value(reflect.ValueOf(v))
	return w.text.String()
}

// Tensor is a tensor's shape with the SHA-256 of its values.
func Tensor(t *tensors.Tensor) string {
	if t == nil || !t.Ok() {
		return none
	}
	hash := sha256.New()
	if err := t.ConstBytes(func(data []byte) { hash.Write(data) }); err != nil {
		return t.Shape().String() + " without values"
	}
	return t.Shape().String() + " " + short(hash.Sum(nil))
}

const (
	none = "none"
	// longest is how many elements of a list are written out.
	longest = 32
)

func short(sum []byte) string { return hex.EncodeToString(sum[:8]) }

type writer struct {
	text strings.Builder
	open map[uintptr]bool // pointers that are being followed
}

func (w *writer) write(texts ...string) {
	for _, text := range texts {
		w.text.WriteString(text)
	}
}

func (w *writer) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Invalid:
		w.write(none)
	case reflect.Interface:
		w.value(v.Elem())
	case reflect.Pointer:
		w.pointer(v)
	case reflect.Struct:
		w.structure(v)
	case reflect.Map:
		w.mapping(v)
	case reflect.Slice, reflect.Array:
		w.list(v)
	case reflect.Func:
		w.function(v)
	default:
		w.write(scalar(v))
	}
}

func (w *writer) pointer(v reflect.Value) {
	switch {
	case v.IsNil():
		w.write(none)
	case v.Type() == reflect.TypeFor[*tensors.Tensor]():
		if v.CanInterface() {
			w.write(Tensor(v.Interface().(*tensors.Tensor)))
		} else {
			w.write("Tensor")
		}
	case w.open[v.Pointer()]:
		w.write("itself")
	default:
		w.open[v.Pointer()] = true
		w.value(v.Elem())
		delete(w.open, v.Pointer())
	}
}

// machinery tells of types whose content is no configuration: the standard library's, and what
// graphs are made and run with.
func machinery(t reflect.Type) bool {
	path := t.PkgPath()
	first, _, _ := strings.Cut(path, "/")
	ours := path == "" || path == "main" || strings.Contains(first, ".")
	return !ours || strings.HasPrefix(path, "github.com/gomlx/gomlx/core") || strings.HasPrefix(path, "github.com/gomlx/gomlx/ml/model") ||
		strings.HasPrefix(path, "github.com/gomlx/compute")
}

func (w *writer) structure(v reflect.Value) {
	w.write(v.Type().Name())
	if machinery(v.Type()) {
		return
	}
	var fields []int
	for i := range v.NumField() {
		f := v.Field(i)
		empty := (f.Kind() == reflect.Slice || f.Kind() == reflect.Map) && f.Len() == 0
		if !f.IsZero() && !empty {
			fields = append(fields, i)
		}
	}
	if len(fields) == 0 && v.Type().Name() != "" {
		return
	}
	w.write("{")
	for k, i := range fields {
		if k > 0 {
			w.write(" ")
		}
		w.write(v.Type().Field(i).Name, ":")
		w.value(v.Field(i))
	}
	w.write("}")
}

func (w *writer) mapping(v reflect.Value) {
	entries := make([]string, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		entry := &writer{open: w.open}
		entry.value(it.Key())
		entry.write(":")
		entry.value(it.Value())
		entries = append(entries, entry.text.String())
	}
	slices.Sort(entries)
	w.write(v.Type().Name(), "{", strings.Join(entries, " "), "}")
}

func (w *writer) list(v reflect.Value) {
	part := &writer{open: w.open}
	for i := range v.Len() {
		if i > 0 {
			part.write(" ")
		}
		part.value(v.Index(i))
	}
	text := part.text.String()
	if v.Len() > longest {
		sum := sha256.Sum256([]byte(text))
		text = fmt.Sprintf("%d values %s", v.Len(), short(sum[:]))
	}
	w.write(v.Type().Name(), "[", text, "]")
}

// function is the name of a function, or of the one that made it. The rest of a symbol, such as the
// "func2" of a closure, changes when code around it does.
func (w *writer) function(v reflect.Value) {
	if v.IsNil() {
		w.write(none)
		return
	}
	symbol := strings.TrimSuffix(runtime.FuncForPC(v.Pointer()).Name(), "-fm") // of a method value
	symbol = strings.ReplaceAll(symbol, "[...]", "")                           // of a generic function
	parts := strings.Split(symbol[strings.LastIndex(symbol, "/")+1:], ".")
	for len(parts) > 1 && anonymous.MatchString(parts[len(parts)-1]) {
		parts = parts[:len(parts)-1]
	}
	w.write(parts[len(parts)-1])
}

// anonymous matches the parts of symbols that number functions without a name.
var anonymous = regexp.MustCompile(`^(func)?[0-9]+(\[|$)|^gowrap[0-9]+$`)

// scalar is a number, text or truth value, with its type where that has a name.
func scalar(v reflect.Value) string {
	if v.CanInterface() {
		if named, ok := v.Interface().(fmt.Stringer); ok {
			return plain(named.String())
		}
	}
	if v.Type().PkgPath() != "" {
		return v.Type().Name() + "(" + number(v) + ")"
	}
	return number(v)
}

func number(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String:
		return plain(v.String())
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	case v.Kind() == reflect.Float32:
		return fmt.Sprint(float32(v.Float()))
	case v.CanFloat():
		return fmt.Sprint(v.Float())
	case v.CanComplex():
		return fmt.Sprint(v.Complex())
	}
	return v.Type().String()
}

// plain quotes a text that could be taken for more than one.
func plain(text string) string {
	if text == "" || strings.ContainsAny(text, " :{}[]\"\\\n\t") {
		return strconv.Quote(text)
	}
	return text
}
