package setup

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A program outlives the set-up that started it: the next one waits for it.
func TestHoldingWaitsForPrograms(t *testing.T) {
	dir := t.TempDir()
	ctx, release, err := holding(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	program := command(ctx, "sleep", "60")
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	release() // as the system does for a process that is killed

	short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, _, err := holding(short, dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("want to wait as long as the program works, got %v", err)
	}
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = program.Wait()
	if _, release, err = holding(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	release()
}
