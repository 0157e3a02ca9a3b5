// Package audio is what readers of sound files have in common: the packages wav and flac satisfy
// [Source].
//
// Samples are interleaved: a frame is one sample of each channel. As float32 they lie in [-1, 1]:
// an integer of n bits is divided by 2^(n-1), so that the largest is a little below 1. A float file
// may go beyond 1.
package audio

import (
	"errors"
	"fmt"
	"io"
)

// Format describes the samples of a file.
type Format struct {
	// Rate is the number of frames a second.
	Rate int
	// Channels is the number of samples of a frame.
	Channels int
	// Bits is the size of the integers that ReadInts gives; 0 for float files, which have none.
	Bits int
	// Encoding is how the file stores them, in words, such as "PCM 16 bit".
	Encoding string
}

// Source is an open file of sound, read from front to back.
type Source interface {
	// Format describes the samples.
	Format() Format
	// Frames is the number of frames by the header, a claim; -1 if it does not say.
	Frames() int64
	// Read fills dst with interleaved samples and returns the number of whole frames; io.EOF after
	// the last one.
	Read(dst []float32) (frames int, err error)
	// ReadInts is Read with the integers of the file, exact. A file of floats has none: an error.
	ReadInts(dst []int32) (frames int, err error)
}

// ReadAll reads what is left of s, at most max frames. More is an error, for a small file may hold
// days of silence. Memory grows with what is read, not with what the header claims. After an error
// the samples before it are returned with it.
func ReadAll(s Source, max int) ([]float32, error) { return readAll(s, max, s.Read) }

// ReadAllInts is ReadAll with the integers of the file.
func ReadAllInts(s Source, max int) ([]int32, error) { return readAll(s, max, s.ReadInts) }

func readAll[T int32 | float32](s Source, max int, read func([]T) (int, error)) ([]T, error) {
	channels := s.Format().Channels
	var all []T
	block := make([]T, channels*(1+1<<14/channels))
	for {
		n, err := read(block)
		if n > max-len(all)/channels {
			return all, fmt.Errorf(
				"audio: the file has more than %d frames; read it in parts, or allow more", max)
		}
		all = append(all, block[:n*channels]...)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}
