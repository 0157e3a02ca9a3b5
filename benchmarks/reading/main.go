// Command reading times the readers of data sets: go run ./benchmarks/reading FILE.json reads a
// file of COCO annotations and prints a line of JSON, seconds to open it and to read every picture
// with its annotations. coco.py compares it with pycocotools.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/gomtl/gomtl/datasets/coco"
)

// result is what is printed.
type result struct {
	Open        float64 `json:"open"`
	Pictures    float64 `json:"pictures"`
	Images      int     `json:"images"`
	Annotations int     `json:"annotations"`
	Numbers     int     `json:"numbers"` // of polygons
	Sum         float64 `json:"sum"`     // of them
	Heap        uint64  `json:"heap"`    // bytes that the index holds
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reading FILE.json")
		os.Exit(2)
	}
	r, err := measure(os.Args[1])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(r)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure(path string) (r result, err error) {
	start := time.Now()
	f, err := coco.Open(path, coco.Options{})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r.Open = time.Since(start).Seconds()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	r.Heap = stats.HeapAlloc
	start = time.Now()
	for picture, err := range f.Pictures() {
		if err != nil {
			return r, err
		}
		r.Images++
		r.Annotations += len(picture.Annotations)
		for _, a := range picture.Annotations {
			for _, p := range a.Polygons {
				r.Numbers += len(p)
				for _, v := range p {
					r.Sum += v
				}
			}
		}
	}
	r.Pictures = time.Since(start).Seconds()
	return r, nil
}
