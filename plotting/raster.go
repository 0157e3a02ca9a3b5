package plotting

import (
	"image"
	"image/color"
	"math"

	xdraw "golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Gray makes a picture of values given row by row, width of them a row, from black for the least to white for the greatest.
func Gray[F ~float32 | ~float64](values []F, width int) image.Image {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if isFinite(float64(v)) {
			low, high = math.Min(low, float64(v)), math.Max(high, float64(v))
		}
	}
	img := image.NewGray(imageBounds(len(values), width))
	for i := range img.Pix {
		if v := float64(values[i]); isFinite(v) && high > low {
			img.Pix[i] = uint8(255*ratio(v, low, high) + 0.5)
		}
	}
	return img
}

// RGB makes a picture of red, green and blue in [0, 1], given row by row and pixel by pixel, width pixels a row; values outside
// are clipped, and NaN is 0.
func RGB[F ~float32 | ~float64](values []F, width int) image.Image {
	img := image.NewRGBA(imageBounds(len(values)/3, width))
	for i := range len(img.Pix) / 4 {
		var c [3]uint8
		for k := range c {
			if v := float64(values[3*i+k]); v > 0 {
				c[k] = uint8(255*math.Min(1, v) + 0.5)
			}
		}
		img.SetRGBA(i%width, i/width, color.RGBA{c[0], c[1], c[2], 255})
	}
	return img
}

func imageBounds(pixels, width int) image.Rectangle {
	if width <= 0 {
		return image.Rectangle{}
	}
	return image.Rect(0, 0, width, pixels/width)
}

// drawImage paints img to fill box. Pixels are enlarged as squares: label maps and tiny pictures must not be blurred.
func drawImage(c draw.Canvas, box vg.Rectangle, img image.Image) {
	size := image.Rect(0, 0, pixelsOf(box.Size().X), pixelsOf(box.Size().Y))
	scaled := image.NewNRGBA(size)
	var scaler xdraw.Scaler = xdraw.NearestNeighbor
	if _, labels := img.(*image.Paletted); !labels && img.Bounds().Dx() > size.Dx() {
		scaler = xdraw.ApproxBiLinear
	}
	scaler.Scale(scaled, size, img, img.Bounds(), xdraw.Src, nil)
	c.DrawImage(box, scaled)
	c.SetLineStyle(draw.LineStyle{Color: axisLine, Width: 0.5})
	c.Stroke(box.Path())
}

func pixelsOf(length vg.Length) int { return max(1, int(math.Round(length.Dots(pixelsPerInch)))) }

// fitInto returns the largest box of img's proportions centred in a square cell whose lower left corner is at.
func fitInto(img image.Image, at vg.Point, width, height vg.Length) vg.Rectangle {
	b := img.Bounds()
	if b.Empty() {
		return vg.Rectangle{Min: at, Max: at.Add(vg.Point{X: width, Y: height})}
	}
	w, h := vg.Length(b.Dx()), vg.Length(b.Dy())
	scale := min(width/w, height/h)
	corner := at.Add(vg.Point{X: (width - w*scale) / 2, Y: (height - h*scale) / 2})
	return vg.Rectangle{Min: corner, Max: corner.Add(vg.Point{X: w * scale, Y: h * scale})}
}

// tallest is the greatest height over width of the pictures, at least 0.25 and at most 2.
func tallest(images []image.Image) vg.Length {
	ratio := 0.25
	for _, img := range images {
		if b := img.Bounds(); !b.Empty() {
			ratio = math.Max(ratio, float64(b.Dy())/float64(b.Dx()))
		}
	}
	return vg.Length(math.Min(ratio, 2))
}
