package setup

import (
	"bufio"
	"context"
	"errors"
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
		eachLine(read, func(text string) {
			lines = append(lines, text)
			line(text)
		})
	}()
	err := cmd.Run()
	_ = write.Close()
	<-done
	return explain(cmd, err, lines)
}

// longestLine is as much of a line as eachLine passes on.
const longestLine = 1 << 20

// eachLine passes on the lines of a stream until it ends, whatever they hold: a writer never waits
// for a reader that has given up. Of a line that is too long it passes on the beginning.
func eachLine(from io.Reader, line func(string)) {
	reader := bufio.NewReader(from)
	var text []byte
	for {
		piece, err := reader.ReadSlice('\n')
		text = append(text, piece[:min(len(piece), longestLine-len(text))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err == nil || len(text) > 0 {
			line(strings.TrimRight(string(text), "\r\n"))
		}
		if err != nil {
			return
		}
		text = text[:0]
	}
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
