// Command reading times the readers of data sets and prints a line of JSON.
//
//	go run ./benchmarks/reading FILE.json    COCO annotations, compared with pycocotools by coco.py
//	go run ./benchmarks/reading FILE.npy     float32 values, compared with NumPy by npy.py
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reading FILE.json | FILE.npy")
		os.Exit(2)
	}
	measure := measureCOCO
	if filepath.Ext(os.Args[1]) == ".npy" {
		measure = measureNPY
	}
	result, err := measure(os.Args[1])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
