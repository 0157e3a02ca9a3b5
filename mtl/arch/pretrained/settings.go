package pretrained

import "github.com/gomlx/gomlx/support/exceptions"

func orDefault(value, standard int) int {
	if value == 0 {
		return standard
	}
	return value
}

func panicf(format string, args ...any) { exceptions.Panicf("mtl: "+format, args...) }
