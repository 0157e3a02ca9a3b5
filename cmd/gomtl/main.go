// Command gomtl sets up and runs multi-task-learning notebooks in Go. `gomtl -h` lists what it does.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/gomtl/gomtl/internal/setup"
	"github.com/urfave/cli/v3"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app := &cli.Command{
		Name:     "gomtl",
		Usage:    "multi-task learning in Go notebooks",
		Commands: []*cli.Command{runCommand(), labCommand(), plotCommand(), trainCommand(), costCommand(), sweepCommand(), weighCommand(), exportCommand(), setupCommand(), doctorCommand(), cacheCommand()},
	}
	err := setup.Prepare()
	if err == nil {
		err = app.Run(ctx, os.Args)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gomtl:", err)
		stop()
		os.Exit(1)
	}
}
