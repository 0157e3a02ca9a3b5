package main

import (
	"errors"
	"math"
	"time"

	"github.com/gomtl/gomtl/datasets/npy"
)

// npyResult says how long an array took at once and row by row, and what it has.
type npyResult struct {
	All    float64 `json:"all"`
	Rows   float64 `json:"rows"`
	Values int     `json:"values"`
	Sum    float64 `json:"sum"`
	Last   float64 `json:"last"`
}

func measureNPY(path string) (any, error) {
	var r npyResult
	var values []float32
	var err error
	if r.All, err = timed(path, func(array *npy.Reader) (err error) {
		values, err = npy.ReadAll[float32](array, math.MaxInt)
		return err
	}); err != nil {
		return nil, err
	}
	for _, v := range values {
		r.Sum += float64(v)
	}
	r.Values, r.Last = len(values), float64(values[len(values)-1])
	values = nil
	r.Rows, err = timed(path, func(array *npy.Reader) error {
		for _, err := range npy.Rows[float32](array) {
			if err != nil {
				return err
			}
		}
		return nil
	})
	return r, err
}

// timed says how many seconds reading the file took.
func timed(path string, read func(*npy.Reader) error) (float64, error) {
	start := time.Now()
	array, err := npy.Open(path, npy.Options{})
	if err != nil {
		return 0, err
	}
	err = errors.Join(read(array), array.Close())
	return time.Since(start).Seconds(), err
}
