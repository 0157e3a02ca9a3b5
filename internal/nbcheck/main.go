// Command nbcheck checks that notebooks were executed and show what they should:
//
//	nbcheck NOTEBOOK             every code cell ran without an error, no picture is blank, no table lacks a number
//	nbcheck NOTEBOOK EXECUTED    the same of EXECUTED, and it shows the pictures and tables that NOTEBOOK shows
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(paths []string) error {
	if len(paths) < 1 || len(paths) > 2 {
		return fmt.Errorf("nbcheck: want one notebook, or one and its executed form, got %d arguments", len(paths))
	}
	wanted, err := read(paths[0])
	if err != nil {
		return err
	}
	checked := wanted
	if len(paths) == 2 {
		if checked, err = read(paths[1]); err != nil {
			return err
		}
	}
	problems := errors.Join(checked.check(), checked.compare(wanted))
	if problems == nil {
		fmt.Println(checked)
	}
	return problems
}
