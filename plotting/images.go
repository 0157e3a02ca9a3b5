package plotting

import (
	"fmt"
	"image"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Images draws a grid of example pictures with a title above each.
type Images struct {
	Title   string // "Examples" when empty
	Columns int    // chosen by the number of pictures when 0
}

// Figure draws the pictures in rows. titles has one title a picture, or is nil.
func (o Images) Figure(images []image.Image, titles []string) *Figure {
	if titles != nil && len(titles) != len(images) {
		return failed("images: want one title a picture or none, got %d titles for %d pictures", len(titles), len(images))
	}
	for i, img := range images {
		if img == nil {
			return failed("images: want a picture, got nil at index %d", i)
		}
	}
	title := orDefault(o.Title, "Examples")
	columns := o.Columns
	if columns <= 0 {
		columns = min(8, int(math.Ceil(math.Sqrt(2*float64(len(images))))))
	}
	columns = max(1, min(columns, len(images)))
	rows := (len(images) + columns - 1) / columns
	const between = vg.Length(10)
	cellWidth := min(140, (figureWidth-2*margin-between*vg.Length(columns-1))/vg.Length(columns))
	cellHeight := cellWidth * tallest(images)
	titleRoom := vg.Length(4)
	if titles != nil {
		titleRoom = 15
	}
	rowHeight := cellHeight + titleRoom + 6
	width := max(260, 2*margin+vg.Length(columns)*(cellWidth+between)-between)
	height := 2*margin + titleHeight + max(1, vg.Length(rows))*rowHeight
	text := fmt.Sprintf("%s: %d pictures.", title, len(images))
	return &Figure{width: width, height: height, text: text, paint: func(c draw.Canvas) {
		drawHeading(c, title, "")
		for i, img := range images {
			at := vg.Point{
				X: c.Min.X + margin + vg.Length(i%columns)*(cellWidth+between),
				Y: c.Max.Y - margin - titleHeight - vg.Length(i/columns)*rowHeight - titleRoom - cellHeight,
			}
			box := fitInto(img, at, cellWidth, cellHeight)
			drawImage(c, box, img)
			if titles != nil {
				style := regular(9.5, ink)
				style.draw(c, at.X+cellWidth/2, box.Max.Y+4, 0.5, style.fit(titles[i], cellWidth+between-3))
			}
		}
	}}
}
