package main

import (
	"errors"
	"runtime"
	"time"

	"github.com/gomtl/gomtl/datasets/coco"
)

// cocoResult says how long a file took to open and to read picture by picture, and what it has.
type cocoResult struct {
	Open        float64 `json:"open"`
	Pictures    float64 `json:"pictures"`
	Images      int     `json:"images"`
	Annotations int     `json:"annotations"`
	Numbers     int     `json:"numbers"` // of polygons
	Sum         float64 `json:"sum"`     // of them
	Heap        uint64  `json:"heap"`    // bytes that the index holds
}

func measureCOCO(path string) (result any, err error) {
	var r cocoResult
	start := time.Now()
	f, err := coco.Open(path, coco.Options{})
	if err != nil {
		return nil, err
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
			return nil, err
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
