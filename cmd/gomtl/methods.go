package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/gomtl/gomtl/internal/catalog"
	"github.com/gomtl/gomtl/mtl"
)

// methods are the weightings that the command line knows, by the name of their type.
var methods = byName(catalog.Weightings()...)

func byName(all ...mtl.Weighting) map[string]mtl.Weighting {
	named := map[string]mtl.Weighting{}
	for _, m := range all {
		named[reflect.TypeOf(m).Name()] = m
	}
	return named
}

// methodNamed returns the name of a method as its type has it, and the method with its default settings.
func methodNamed(name string) (string, mtl.Weighting, error) {
	for known, m := range methods {
		if strings.EqualFold(known, name) {
			return known, m, nil
		}
	}
	return "", nil, fmt.Errorf("there is no method %q: want one of %s", name, names(methods))
}

// configured returns a method with one of its fields set to a value in JSON, such as 0.5, [1,2] or "left"; a constant of the weighting package
// is set by its number, or by what its String says, such as l2, and a method by its name.
func configured(name string, m mtl.Weighting, field, value string) (mtl.Weighting, error) {
	changed := reflect.New(reflect.TypeOf(m)).Elem()
	changed.Set(reflect.ValueOf(m))
	if changed.Kind() == reflect.Map {
		changed.Set(reflect.MakeMap(changed.Type()))
		for key, old := range reflect.ValueOf(m).Seq2() {
			changed.SetMapIndex(key, old)
		}
		err := json.Unmarshal(fmt.Appendf(nil, "{%q:%s}", field, value), changed.Addr().Interface())
		if err != nil {
			return nil, fmt.Errorf("%s.%s cannot be set to %s: %w", name, field, value, err)
		}
		return changed.Interface().(mtl.Weighting), nil
	}
	var fields []string
	for i := range changed.NumField() {
		known := changed.Type().Field(i).Name
		if fields = append(fields, known); !strings.EqualFold(known, field) {
			continue
		}
		target := changed.Field(i)
		if target.Kind() == reflect.Interface { // a method on top of another
			_, inner, err := methodNamed(value)
			if err != nil {
				return nil, fmt.Errorf("%s.%s cannot be set: %w", name, known, err)
			}
			target.Set(reflect.ValueOf(inner))
			return changed.Interface().(mtl.Weighting), nil
		}
		err := json.Unmarshal([]byte(value), target.Addr().Interface())
		if err != nil && !setConstant(target, value) {
			return nil, fmt.Errorf("%s.%s cannot be set to %s: it is %s", name, known, value, target.Type())
		}
		return changed.Interface().(mtl.Weighting), nil
	}
	return nil, fmt.Errorf("%s has no field %q: it has %q", name, field, fields)
}

// setConstant sets an integer type that has names to the constant of that name.
func setConstant(target reflect.Value, name string) bool {
	if target.Kind() != reflect.Int {
		return false
	}
	for i := range int64(16) {
		target.SetInt(i)
		if named, ok := target.Interface().(fmt.Stringer); ok && strings.EqualFold(named.String(), name) {
			return true
		}
	}
	return false
}
