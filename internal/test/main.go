// Command test sets up what is missing, then vets and tests the whole module, on XLA and on the pure-Go backend:
//
//	go run ./internal/test
//	go run ./internal/test -v -run Resume
//
// Its arguments go to `go test`. Without XLA it fails, instead of testing less.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"

	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/internal/setup"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := test(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "test:", err)
		stop()
		os.Exit(1)
	}
}

func test(ctx context.Context, args []string) error {
	if err := os.Setenv(backend.RequireXLAEnv, "1"); err != nil {
		return err
	}
	if err := setup.UseCompiler(); err != nil {
		return err
	}
	steps, err := setup.ForNotebooks()
	if err != nil {
		return err
	}
	if err := setup.Run(ctx, steps); err != nil {
		return err
	}
	if err := goCommand(ctx, "vet", "./..."); err != nil {
		return err
	}
	return goCommand(ctx, append(append([]string{"test", "-timeout", "30m"}, args...), "./...")...)
}

// goCommand runs the Go command with its output on this program's.
func goCommand(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w", args[0], err)
	}
	return nil
}
