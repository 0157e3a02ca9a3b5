package digits

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the data is part of the program
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"

	"github.com/gomtl/gomtl/datasets"
)

// Side is the height and width of an image, and Ink the largest value of a pixel.
const (
	Side = 8
	Ink  = 16
)

// An Image is one handwritten digit: the ink of each pixel, row by row from the top left, 0..Ink, and its class 0..9.
type Image struct {
	Pixels [Side * Side]uint8
	Class  int
}

//go:embed digits.csv.gz
var packed []byte

// The number of images, and the seed and sizes of the fixed split: a random permutation of the file's rows, drawn by
// math/rand/v2's Perm from PCG(splitSeed, splitSeed); the first trainSize rows of it are the train part, the next
// validationSize the validation part, the rest the test part. A test holds the permutation to its value.
const (
	count          = 1797
	splitSeed      = 19980701
	trainSize      = 1077
	validationSize = 360
)

// Images is one part of the data: 1,077 train, 360 validation and 360 test images, always the same ones in the same order.
func Images(part datasets.Part) ([]Image, error) {
	rows, err := all()
	if err != nil {
		return nil, fmt.Errorf("digits: %w", err)
	}
	order := rand.New(rand.NewPCG(splitSeed, splitSeed)).Perm(count)
	switch part {
	case datasets.Train:
		order = order[:trainSize]
	case datasets.Validation:
		order = order[trainSize : trainSize+validationSize]
	case datasets.Test:
		order = order[trainSize+validationSize:]
	default:
		return nil, fmt.Errorf("digits: there is no part %s", part)
	}
	images := make([]Image, len(order))
	for i, row := range order {
		images[i] = rows[row]
	}
	return images, nil
}

// all reads the embedded file once.
var all = sync.OnceValues(func() ([]Image, error) { return parse(packed) })

// maxText is more bytes than all lines can have: 65 numbers of at most two digits, each with a comma or the line's end.
const maxText = count * (Side*Side + 1) * 4

// parse reads the gzip file of 1,797 lines: 64 pixels and the class.
func parse(file []byte) ([]Image, error) {
	unpacked, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(io.LimitReader(unpacked, maxText))
	reader.FieldsPerRecord = Side*Side + 1
	lines, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(lines) != count {
		return nil, fmt.Errorf("the file should have %d lines, it has %d", count, len(lines))
	}
	images := make([]Image, count)
	for i, line := range lines {
		for j, field := range line {
			value, err := strconv.ParseUint(field, 10, 8)
			switch {
			case err != nil:
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			case j < Side*Side && value <= Ink:
				images[i].Pixels[j] = uint8(value)
			case j == Side*Side && value < 10:
				images[i].Class = int(value)
			default:
				return nil, fmt.Errorf("line %d, field %d: %d is out of range", i+1, j+1, value)
			}
		}
	}
	return images, nil
}
