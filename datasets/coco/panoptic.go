package coco

import (
	"bufio"
	"fmt"
	"image"
	"image/png"
	"io"
)

// ReadPanoptic reads a panoptic PNG of the given size: for each pixel, row by row, the id of its
// segment, R + 256 G + 65536 B, or 0 for none. Whether the file has that size is tested before
// memory is taken for it.
func ReadPanoptic(r io.Reader, height, width int) ([]int32, error) {
	b := bufio.NewReader(r)
	head, err := b.Peek(33) // the signature and the first chunk, which has the size
	if err != nil && len(head) < 33 {
		return nil, fmt.Errorf("coco: panoptic picture: the file ends after %d bytes, or: %w", len(head),
			err)
	}
	if string(head[:8]) != "\x89PNG\r\n\x1a\n" || string(head[12:16]) != "IHDR" {
		return nil, fmt.Errorf("coco: panoptic picture: it begins with %q, no PNG file", head[:8])
	}
	w, h, depth, kind := be32(head[16:]), be32(head[20:]), head[24], head[25]
	if int64(w) != int64(width) || int64(h) != int64(height) {
		return nil, fmt.Errorf("coco: panoptic picture: it is %d x %d, wanted %d x %d (height x width)",
			h, w, height, width)
	}
	if depth != 8 || (kind != 2 && kind != 6) {
		return nil, fmt.Errorf("coco: panoptic picture: it has %d bits and colour type %d; wanted RGB "+
			"of 8 bits (type 2)", depth, kind)
	}
	picture, err := png.Decode(b)
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

func be32(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
