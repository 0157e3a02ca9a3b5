package coco

import (
	"fmt"
	"image"
	"io"

	"github.com/gomtl/gomtl/datasets/internal/pngfile"
)

// ReadPanoptic reads a panoptic PNG of the given size: for each pixel, row by row, the id of its
// segment, R + 256 G + 65536 B, or 0 for none. No memory is taken for pixels that are not there.
func ReadPanoptic(r io.Reader, height, width int) ([]int32, error) {
	picture, err := pngfile.Decode(r, func(h pngfile.Header) error {
		if h.Width != int64(width) || h.Height != int64(height) {
			return fmt.Errorf("it is %d x %d, wanted %d x %d (height x width)",
				h.Height, h.Width, height, width)
		}
		if h.Depth != 8 || (h.Kind != 2 && h.Kind != 6) {
			return fmt.Errorf("it has %d bits and colour type %d; wanted RGB of 8 bits (type 2)",
				h.Depth, h.Kind)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("coco: panoptic picture: %w", err)
	}
	var pixels []uint8
	switch p := picture.(type) {
	case *image.RGBA:
		pixels = p.Pix
	case *image.NRGBA:
		pixels = p.Pix
	default:
		return nil, fmt.Errorf("coco: panoptic picture: pixels of kind %T; wanted RGB", picture)
	}
	ids := make([]int32, len(pixels)/4)
	for i := range ids {
		ids[i] = int32(pixels[4*i]) | int32(pixels[4*i+1])<<8 | int32(pixels[4*i+2])<<16
	}
	return ids, nil
}
