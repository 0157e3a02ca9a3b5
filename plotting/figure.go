package plotting

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image/color"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// pixelsPerInch is the resolution of PNG pictures: 1.5 times the CSS pixel, sharp enough when a page shows them in full width.
const pixelsPerInch = 144

// Figure is a finished picture that can be written in several formats, any number of times and from several goroutines.
type Figure struct {
	width, height vg.Length
	paint         func(c draw.Canvas) // draws on a light card that is already there
	text          string
	err           error
}

// failed is the figure of data that cannot be drawn.
func failed(format string, args ...any) *Figure {
	err := fmt.Errorf("plotting: "+format, args...)
	return &Figure{err: err, text: err.Error()}
}

// Err tells why the data could not be drawn, nil when they could.
func (f *Figure) Err() error { return f.err }

// String describes the figure in words: the alternative text of the picture.
func (f *Figure) String() string { return f.text }

// Pixels is the figure's size on a web page, in CSS pixels.
func (f *Figure) Pixels() (width, height int) {
	return int(math.Round(f.width.Dots(96))), int(math.Round(f.height.Dots(96)))
}

// WriteSVG writes the figure as a stand-alone SVG document. Its text is text: it can be selected and searched.
func (f *Figure) WriteSVG(w io.Writer) error {
	_, err := f.writeSVG(w)
	return err
}

// writeSVG returns the hot spots too.
func (f *Figure) writeSVG(w io.Writer) ([]hotSpot, error) {
	if f.err != nil {
		return nil, f.err
	}
	c := newSVGCanvas(f.width, f.height)
	if err := f.drawOn(c); err != nil {
		return nil, err
	}
	return c.spots, c.write(w, f.text)
}

// Hovers tells whether parts of the figure say more under the mouse: by the titles in its SVG where that stands in a page, by an image map in its HTML.
func (f *Figure) Hovers() bool {
	spots, err := f.writeSVG(io.Discard)
	return err == nil && len(spots) > 0
}

// WritePNG writes the figure as a PNG picture of 1.5 pixels to the CSS pixel, with transparent corners.
func (f *Figure) WritePNG(w io.Writer) error {
	if f.err != nil {
		return f.err
	}
	c := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(pixelsPerInch), vgimg.UseBackgroundColor(color.Transparent))
	if err := f.drawOn(c); err != nil {
		return err
	}
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

// WriteHTML writes the figure as one <img> element with the SVG document inside its address. It needs no other file, no
// script and no network, and notebooks show it whether they are trusted or not. Where parts of the figure say more under the mouse it has an image map, and
// is scrolled rather than made narrower; what hovers is lost in a notebook that is not trusted.
func (f *Figure) WriteHTML(w io.Writer) error {
	var svg bytes.Buffer
	spots, err := f.writeSVG(&svg)
	if err != nil {
		return err
	}
	width, height := f.Pixels()
	image := fmt.Sprintf(`<img alt="%s" width="%d" height="%d" src="data:image/svg+xml;base64,%s"`,
		html.EscapeString(f.text), width, height, base64.StdEncoding.EncodeToString(svg.Bytes()))
	if len(spots) == 0 {
		_, err = fmt.Fprintf(w, `%s style="max-width:100%%;height:auto">`+"\n", image)
		return err
	}
	name, areas := imageMap(spots, f.height)
	_, err = fmt.Fprintf(w, `<div style="overflow-x:auto">%s style="max-width:none" usemap="#%s">%s</div>`+"\n", image, name, areas)
	return err
}

// Save writes the figure to a file in the format of its extension: .svg, .png or .html.
func (f *Figure) Save(path string) error {
	var buf bytes.Buffer
	var err error
	switch extension := strings.ToLower(filepath.Ext(path)); extension {
	case ".svg":
		err = f.WriteSVG(&buf)
	case ".png":
		err = f.WritePNG(&buf)
	case ".html":
		err = f.WriteHTML(&buf)
	default:
		err = fmt.Errorf("plotting: cannot save %q: want the extension .svg, .png or .html, got %q", path, extension)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(path, buf.Bytes(), 0o644)
}

func (f *Figure) drawOn(canvas vg.CanvasSizer) error {
	s := &sheet{CanvasSizer: canvas}
	c := draw.New(s)
	drawCard(c)
	f.paint(c)
	return s.err
}

// drawCard paints the opaque background and its border, so that the figure does not depend on the page's colours.
func drawCard(c draw.Canvas) {
	const radius = 4
	inset := vg.Length(0.5)
	card := roundedRectangle(vg.Rectangle{
		Min: vg.Point{X: c.Min.X + inset, Y: c.Min.Y + inset},
		Max: vg.Point{X: c.Max.X - inset, Y: c.Max.Y - inset},
	}, radius)
	c.SetColor(paper)
	c.Fill(card)
	c.SetLineStyle(draw.LineStyle{Color: border, Width: 0.75})
	c.Stroke(card)
}

func roundedRectangle(r vg.Rectangle, radius vg.Length) vg.Path {
	var p vg.Path
	quarter := math.Pi / 2
	p.Move(vg.Point{X: r.Min.X + radius, Y: r.Min.Y})
	p.Line(vg.Point{X: r.Max.X - radius, Y: r.Min.Y})
	p.Arc(vg.Point{X: r.Max.X - radius, Y: r.Min.Y + radius}, radius, -quarter, quarter)
	p.Line(vg.Point{X: r.Max.X, Y: r.Max.Y - radius})
	p.Arc(vg.Point{X: r.Max.X - radius, Y: r.Max.Y - radius}, radius, 0, quarter)
	p.Line(vg.Point{X: r.Min.X + radius, Y: r.Max.Y})
	p.Arc(vg.Point{X: r.Min.X + radius, Y: r.Max.Y - radius}, radius, quarter, quarter)
	p.Line(vg.Point{X: r.Min.X, Y: r.Min.Y + radius})
	p.Arc(vg.Point{X: r.Min.X + radius, Y: r.Min.Y + radius}, radius, 2*quarter, quarter)
	p.Close()
	return p
}
