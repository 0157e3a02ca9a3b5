package setup

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// command prepares a program that is interrupted, then after a while killed, when ctx ends.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	// Its own process group: Ctrl-C in the terminal reaches it through ctx, once.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if workers, ok := ctx.Value(workersKey{}).(*os.File); ok {
		cmd.ExtraFiles = []*os.File{workers}
	}
	return cmd
}

// output runs cmd and returns what it prints; its error holds the end of what it complained about.
func output(cmd *exec.Cmd) (string, error) {
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), explain(cmd, err, strings.Split(complaint.String(), "\n"))
}

// follow runs cmd and passes on each line that it prints, on either stream.
func follow(cmd *exec.Cmd, line func(string)) error {
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	var lines []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		scanner := bufio.NewScanner(read)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			lines = append(lines, scanner.Text())
			line(scanner.Text())
		}
		_, _ = io.Copy(io.Discard, read)
	}()
	err := cmd.Run()
	_ = write.Close()
	<-done
	return explain(cmd, err, lines)
}

// explain adds to a command's error the end of what the command printed.
func explain(cmd *exec.Cmd, err error, lines []string) error {
	if err == nil {
		return nil
	}
	const enough = 12
	lines = strings.Split(strings.TrimSpace(strings.Join(lines, "\n")), "\n")
	if len(lines) > enough {
		lines = lines[len(lines)-enough:]
	}
	return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args[:min(3, len(cmd.Args))], " "), err, strings.Join(lines, "\n"))
}
