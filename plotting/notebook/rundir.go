package notebook

import (
	"os"
	"path/filepath"
)

// RunDir is the folder for a run of that name: under $GOMTL_RUNS where that is set, as by "gomtl run", else under runs in the folder of the
// notebook, and under the working directory outside a notebook.
func RunDir(name string) string {
	if runs := os.Getenv("GOMTL_RUNS"); runs != "" {
		return filepath.Join(runs, name)
	}
	// GoNB sets GONB_DIR to the folder in which the kernel was started, that of the notebook; cells run elsewhere.
	return filepath.Join(os.Getenv("GONB_DIR"), "runs", name)
}
