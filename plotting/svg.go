package plotting

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"

	"github.com/gomtl/gomtl/mtl/history"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// svgCanvas is gonum's SVG canvas with three repairs and hot spots: text keeps the width it was laid out for whatever font the viewer
// has, the font has fallbacks, and embedded pictures carry their true media type.
type svgCanvas struct {
	*vgsvg.Canvas
	widths []vg.Length // of each text, in drawing order
	spots  []hotSpot
}

func newSVGCanvas(width, height vg.Length) *svgCanvas {
	return &svgCanvas{Canvas: vgsvg.New(width, height)}
}

// FillString implements vg.Canvas.
func (c *svgCanvas) FillString(f font.Face, at vg.Point, s string) {
	s = history.OneLine(s)
	c.widths = append(c.widths, f.Width(s))
	c.Canvas.FillString(f, at, s)
}

var (
	textElement = regexp.MustCompile(`<text `)
	svgElement  = regexp.MustCompile(`<svg `)
)

// escape is a text as markup, without the control characters that XML forbids.
func escape(s string) string { return html.EscapeString(history.Printable(s)) }

func (c *svgCanvas) write(w io.Writer, description string) error {
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return err
	}
	// Text content is escaped, so these patterns match markup only.
	i := 0
	svg := textElement.ReplaceAllFunc(buf.Bytes(), func([]byte) []byte {
		i++
		return fmt.Appendf(nil, `<text textLength="%.4g" lengthAdjust="spacingAndGlyphs" `, c.widths[i-1].Points())
	})
	svg = bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	svg = bytes.ReplaceAll(svg, []byte("data:image/jpg;base64,"), []byte("data:image/png;base64,"))
	label := fmt.Appendf(nil, `<svg role="img" aria-label="%s" `, escape(description))
	svg = svgElement.ReplaceAllLiteral(svg, label)
	if end := bytes.LastIndex(svg, []byte("</g>")); end >= 0 && len(c.spots) > 0 {
		var spots []byte
		for _, h := range c.spots {
			spots = append(spots, h.svg()...)
		}
		svg = slices.Insert(svg, end, spots...) // inside the group that gonum draws in, so in its coordinates
	}
	_, err := w.Write(svg)
	return err
}
