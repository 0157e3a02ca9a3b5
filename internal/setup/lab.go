package setup

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// Lab replaces this process by JupyterLab on a folder. It returns only when it cannot be started.
func Lab(folder string, port int) error {
	l, err := newLayout()
	if err != nil {
		return err
	}
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", folder)
	}
	args := []string{l.python(), "-m", "jupyterlab", "--port", strconv.Itoa(port), "--notebook-dir", folder,
		"--MultiKernelManager.default_kernel_name=" + KernelName}
	if os.Geteuid() == 0 {
		args = append(args, "--allow-root") // in a container there may be no other user
	}
	cmd := l.isolated(command(context.Background(), args[0]))
	return syscall.Exec(args[0], args, cmd.Env)
}
