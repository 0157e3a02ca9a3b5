// Command plugin installs gomtl's XLA plugin where there is none and says what XLA runs on: all that the tests need, without
// Python and Jupyter. With GOMTL_REQUIRE_XLA=1 it fails where XLA cannot be had.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/gomtl/gomtl/backend"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b, err := backend.New(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(backend.Describe(b))
}
