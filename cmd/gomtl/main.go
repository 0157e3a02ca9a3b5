// Command gomtl sets up and runs multi-task-learning notebooks in Go. `gomtl -h` lists what it does.
// It exits with 0 when all went well, 2 where there is no such command, 130 after an interrupt, and
// with 1 after any other error.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/gomtl/gomtl/internal/setup"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/urfave/cli/v3"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := setup.Prepare()
	if err == nil {
		err = application(os.Stdout).Run(ctx, os.Args)
	}
	if err == nil {
		return
	}
	stop()
	var unknown unknownCommand
	status := 1
	switch {
	case ctx.Err() != nil && isInterrupt(err):
		status = 130
		if err == ctx.Err() { //nolint:errorlint // what wraps it says more
			err = errInterrupted
		}
	case errors.As(err, &unknown):
		status = 2
	}
	fmt.Fprintln(os.Stderr, "gomtl:", history.Printable(err.Error()))
	os.Exit(status)
}

func isInterrupt(err error) bool {
	return errors.Is(err, errInterrupted) || errors.Is(err, context.Canceled) || errors.Is(err, setup.ErrInterrupted)
}

// application is the whole command line. What it prints to out holds no control characters.
func application(out io.Writer) *cli.Command {
	name := 1
	app := &cli.Command{
		Name:   "gomtl",
		Usage:  "multi-task learning in Go notebooks",
		Writer: printable{out},
		Commands: []*cli.Command{
			runCommand(), labCommand(), plotCommand(), trainCommand(), costCommand(), sweepCommand(),
			weighCommand(), exportCommand(), setupCommand(), doctorCommand(), cacheCommand(),
		},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.NArg() == 0 {
				return cli.ShowRootCommandHelp(c)
			}
			return unknownCommand{c.Args().First(), cli.SuggestCommand(c.Commands, c.Args().First())}
		},
		StopOnNthArg:   &name, // flags after a misspelt command are not read as the root's
		ArgValidator:   checkArguments,
		ExitErrHandler: func(context.Context, *cli.Command, error) {}, // main prints all errors
	}
	makePrompt(app.Commands)
	return app
}

func makePrompt(commands []*cli.Command) {
	for _, c := range commands {
		if c.Action != nil {
			c.Action = prompt(c.Action)
		}
		makePrompt(c.Commands)
	}
}

// unknownCommand is the error of a command that there is not.
type unknownCommand struct{ name, suggestion string }

func (e unknownCommand) Error() string {
	return fmt.Sprintf("there is no command %q. Did you mean %q? gomtl -h lists all", e.name, e.suggestion)
}

// printable writes text without its control characters, see history.Printable.
type printable struct{ to io.Writer }

func (p printable) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.to, history.Printable(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}
