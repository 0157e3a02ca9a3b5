package voc

import (
	"fmt"
	"image"
	"image/color"
	"io"

	"github.com/gomtl/gomtl/datasets/internal/pngfile"
)

// Border is the value of pixels that are not labelled.
const Border = 255

// Classes are VOC's classes: Classes[i] is 1+i in a mask.
var Classes = [20]string{
	"aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
	"diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train",
	"tvmonitor",
}

// Color is the colour of a value in VOC's palette: the bits of the value go in turn to red, green
// and blue, highest first.
func Color(value uint8) color.NRGBA {
	c := color.NRGBA{A: 255}
	for shift := 7; value > 0; shift-- {
		c.R |= value & 1 << shift
		c.G |= value >> 1 & 1 << shift
		c.B |= value >> 2 & 1 << shift
		value >>= 3
	}
	return c
}

// Mask has a value for each pixel, row by row.
type Mask struct {
	Height, Width int
	Pixels        []uint8
}

// ReadMask reads a PNG whose pixels are palette indices, grey values of 8 bits, or VOC's colours.
func ReadMask(r io.Reader, o Options) (Mask, error) {
	m, err := readMask(r, o)
	if err != nil {
		return Mask{}, fmt.Errorf("voc: mask: %w", err)
	}
	return m, nil
}

func readMask(r io.Reader, o Options) (Mask, error) {
	if o.MaxPixels <= 0 {
		o.MaxPixels = 1 << 26
	}
	var m Mask
	picture, err := pngfile.Decode(r, func(h pngfile.Header) error {
		if h.Height > 0 && h.Width > int64(o.MaxPixels)/h.Height {
			return fmt.Errorf("byte 16: it has %d x %d pixels by its header; at most %d are read "+
				"(Options.MaxPixels)", h.Height, h.Width, o.MaxPixels)
		}
		if h.Depth != 8 && h.Kind != pngfile.Palette {
			return fmt.Errorf("byte 24: it has %d bits a sample and no palette; wanted a palette, "+
				"or 8 bits", h.Depth)
		}
		m.Height, m.Width = int(h.Height), int(h.Width)
		return nil
	})
	if err != nil {
		return Mask{}, err
	}
	switch p := picture.(type) {
	case *image.Paletted:
		m.Pixels = p.Pix
	case *image.Gray:
		m.Pixels = p.Pix
	case *image.RGBA:
		m.Pixels, err = fromColors(p.Pix, m.Width)
	case *image.NRGBA:
		m.Pixels, err = fromColors(p.Pix, m.Width)
	default:
		err = fmt.Errorf("pixels of kind %T are not read", picture)
	}
	if err != nil {
		return Mask{}, err
	}
	return m, nil
}

// fromColors turns VOC's colours, four bytes a pixel, into values.
func fromColors(rgba []uint8, width int) ([]uint8, error) {
	values := map[[3]uint8]uint8{}
	for v := range 256 {
		c := Color(uint8(v))
		values[[3]uint8{c.R, c.G, c.B}] = uint8(v)
	}
	pixels := make([]uint8, len(rgba)/4)
	for i := range pixels {
		c := [3]uint8(rgba[4*i:])
		value, known := values[c]
		if !known {
			return nil, fmt.Errorf("the pixel in row %d, column %d has the colour %v, which is none of "+
				"VOC's", i/width, i%width, c)
		}
		pixels[i] = value
	}
	return pixels, nil
}
