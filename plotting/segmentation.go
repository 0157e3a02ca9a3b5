package plotting

import (
	"fmt"
	"image"
	"image/color"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Segmentation draws examples of a per-pixel task side by side: the picture, its true classes, the predicted classes, and
// under these the share of labelled pixels that are right. The legend has the classes that occur.
type Segmentation struct {
	Title string // "Segmentation" when empty
}

// SegmentationExample is one picture with its class index per pixel, row by row from the top. Pixels whose true class is outside
// the list of classes, such as the −1 of an ignored one, are drawn white and not counted. An index map may be coarser or finer
// than the picture.
type SegmentationExample struct {
	Image      image.Image
	Truth      [][]int
	Prediction [][]int // nil when there is none: its place stays empty
}

// ClassMap makes the rows of a class map from indices given row by row, width of them a row.
func ClassMap[I ~int | ~int32 | ~int64 | ~uint8](indices []I, width int) [][]int {
	var rows [][]int
	for start := 0; width > 0 && start+width <= len(indices); start += width {
		row := make([]int, width)
		for i := range row {
			row[i] = int(indices[start+i])
		}
		rows = append(rows, row)
	}
	return rows
}

// Figure draws the examples in columns. classes names the classes by index.
func (o Segmentation) Figure(examples []SegmentationExample, classes []string) *Figure {
	seen := make([]bool, len(classes))
	var pictures []image.Image
	columns := make([]segmentationColumn, len(examples))
	for i, e := range examples {
		column, err := e.column(classes, seen)
		if err != nil {
			return failed("segmentation: example %d: %v", i, err)
		}
		columns[i] = column
		pictures = append(pictures, column.pictures[:]...)
	}
	var l legend
	for i, name := range classes {
		if seen[i] {
			l = append(l, entry{name: name, swatch: true, sample: curve{color: classColor(i)}})
		}
	}
	return segmentationFigure(orDefault(o.Title, "Segmentation"), columns, tallest(pictures), l)
}

type segmentationColumn struct {
	pictures [3]image.Image // image, truth, prediction
	caption  string
}

func (e SegmentationExample) column(classes []string, seen []bool) (column segmentationColumn, err error) {
	column.pictures[0] = e.Image
	if e.Image == nil {
		column.pictures[0] = image.NewGray(image.Rectangle{})
	}
	if column.pictures[1], err = paint("truth", e.Truth, seen); err != nil {
		return column, err
	}
	if column.pictures[2], err = paint("prediction", e.Prediction, seen); err != nil {
		return column, err
	}
	if len(e.Prediction) == 0 || len(e.Truth) == 0 {
		return column, nil
	}
	if len(e.Truth) != len(e.Prediction) || len(e.Truth[0]) != len(e.Prediction[0]) {
		return column, fmt.Errorf("want a prediction of the truth's size, got %d×%d and %d×%d pixels",
			len(e.Prediction[0]), len(e.Prediction), len(e.Truth[0]), len(e.Truth))
	}
	right, labelled := 0, 0
	for y, row := range e.Truth {
		for x, class := range row {
			if class >= 0 && class < len(classes) {
				labelled++
				if e.Prediction[y][x] == class {
					right++
				}
			}
		}
	}
	if labelled > 0 {
		column.caption = strconv.FormatFloat(100*float64(right)/float64(labelled), 'f', 1, 64) + " % right"
	}
	return column, nil
}

// paint colours a class map; indices outside the classes are white.
func paint(name string, classMap [][]int, seen []bool) (image.Image, error) {
	palette := color.Palette{classColor(-1)}
	for i := range seen {
		palette = append(palette, classColor(i))
	}
	if len(palette) > 256 {
		return nil, fmt.Errorf("want at most 255 classes, got %d", len(seen))
	}
	if len(classMap) == 0 {
		return image.NewPaletted(image.Rectangle{}, palette), nil
	}
	img := image.NewPaletted(image.Rect(0, 0, len(classMap[0]), len(classMap)), palette)
	for y, row := range classMap {
		if len(row) != len(classMap[0]) {
			return nil, fmt.Errorf("want rows of %d pixels in the %s, got %d in row %d", len(classMap[0]), name, len(row), y)
		}
		for x, class := range row {
			if class >= 0 && class < len(seen) {
				seen[class] = true
				img.SetColorIndex(x, y, uint8(class+1))
			}
		}
	}
	return img, nil
}

func segmentationFigure(title string, columns []segmentationColumn, ratio vg.Length, l legend) *Figure {
	const between, nameWidth, captionRoom = vg.Length(10), vg.Length(16), vg.Length(16)
	n := vg.Length(max(1, len(columns)))
	cell := min(170, (figureWidth-2*margin-nameWidth-between*(n-1))/n)
	cellHeight := cell * ratio
	width := max(300, 2*margin+nameWidth+n*(cell+between)-between)
	legendHeight := l.height(width - 2*margin)
	height := 2*margin + titleHeight + 4 + 3*(cellHeight+between) + captionRoom + legendHeight
	text := fmt.Sprintf("%s: image, true classes and predicted classes of %d examples", title, len(columns))
	for _, column := range columns {
		if column.caption != "" {
			text += "; " + column.caption
		}
	}
	return &Figure{width: width, height: height, text: text + ".", paint: func(c draw.Canvas) {
		drawHeading(c, title, "")
		for row, name := range []string{"image", "truth", "prediction"} {
			bottom := c.Max.Y - margin - titleHeight - 4 - vg.Length(row+1)*(cellHeight+between) + between
			style := labelStyle()
			style.drawUpwards(c, c.Min.X+margin+9, bottom+cellHeight/2, style.fit(name, cellHeight+between))
			for i, column := range columns {
				at := vg.Point{X: c.Min.X + margin + nameWidth + vg.Length(i)*(cell+between), Y: bottom}
				box := fitInto(column.pictures[row], at, cell, cellHeight)
				if !column.pictures[row].Bounds().Empty() {
					drawImage(c, box, column.pictures[row])
				}
				if row == 2 {
					tickStyle().draw(c, at.X+cell/2, box.Min.Y-11, 0.5, column.caption)
				}
			}
		}
		l.draw(c, c.Min.X+margin, c.Min.Y+margin+legendHeight, width-2*margin)
	}}
}
