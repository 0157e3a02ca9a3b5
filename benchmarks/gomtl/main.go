// Command gomtl times gomtl on the three workloads of this folder's README and prints one JSON line, as peers/bench.py does for
// the peers; or exports the worked example's data for the PyTorch twin.
//
//	go run ./benchmarks/gomtl -workload w3 -chunks 20
//	go run ./benchmarks/gomtl -export DIR
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/gomtl/gomtl/datasets/multidigits"
)

func main() {
	exportTo := flag.String("export", "", "write multidigits as .npy files to this folder")
	flag.Parse()
	if err := run(*exportTo); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(exportTo string) error {
	set, err := multidigits.New(multidigits.Config{})
	if err != nil {
		return err
	}
	return export(set, exportTo)
}
