//go:build !unix

package sweep

import "time"

// processTime is not known here: the sweep then runs as many trials at once as there are cores.
func processTime() time.Duration { return 0 }
