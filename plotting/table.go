package plotting

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/gomtl/gomtl/mtl/history"
)

// Table is a small table of results. Cells are strings or numbers: a float has four significant digits, NaN and nil are a dash,
// and columns whose cells are all numbers are aligned right.
type Table struct {
	Title  string
	Header []string
	Rows   [][]any
}

// WriteText writes the table in aligned columns, for a terminal: control characters are written
// out.
func (t Table) WriteText(w io.Writer) error {
	cells, numeric := t.format()
	for _, row := range cells {
		for i := range row {
			row[i] = history.OneLine(row[i])
		}
	}
	widths := make([]int, len(numeric))
	for _, row := range cells {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	if t.Title != "" {
		out.WriteString(history.OneLine(t.Title) + "\n")
	}
	for r, row := range cells {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line.WriteString("  ")
			}
			if numeric[i] {
				line.WriteString(pad + cell)
			} else {
				line.WriteString(cell + pad)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		if r == 0 && len(t.Header) > 0 {
			total := 2 * (len(widths) - 1)
			for _, width := range widths {
				total += width
			}
			out.WriteString(strings.Repeat("─", max(total, 0)) + "\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// WriteMarkdown writes the table in GitHub's Markdown.
func (t Table) WriteMarkdown(w io.Writer) error {
	cells, numeric := t.format()
	var out strings.Builder
	if t.Title != "" {
		out.WriteString("**" + t.Title + "**\n\n")
	}
	if len(t.Header) == 0 {
		cells = append([][]string{make([]string, len(numeric))}, cells...)
	}
	escape := strings.NewReplacer("|", `\|`, "\n", " ")
	for r, row := range cells {
		out.WriteString("|")
		for _, cell := range row {
			out.WriteString(" " + escape.Replace(cell) + " |")
		}
		out.WriteString("\n")
		if r == 0 {
			out.WriteString("|")
			for _, right := range numeric {
				out.WriteString(map[bool]string{false: "---|", true: "---:|"}[right])
			}
			out.WriteString("\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// WriteHTML writes the table as one <table> with inline style, in the colours of the page it stands on.
func (t Table) WriteHTML(w io.Writer) error {
	cells, numeric := t.format()
	var out strings.Builder
	out.WriteString(`<table style="border-collapse:collapse;margin:0.5em 0">`)
	if t.Title != "" {
		fmt.Fprintf(&out, `<caption style="caption-side:top;text-align:left;font-weight:bold;padding:0.2em 0">%s</caption>`, html.EscapeString(t.Title))
	}
	for r, row := range cells {
		tag, line := "td", "border-bottom:1px solid rgba(128,128,128,0.35)"
		if r == 0 && len(t.Header) > 0 {
			tag, line = "th", "border-bottom:2px solid rgba(128,128,128,0.7)"
		}
		out.WriteString("<tr>")
		for i, cell := range row {
			align := "left"
			if numeric[i] {
				align = "right"
			}
			fmt.Fprintf(&out, `<%s style="padding:0.25em 0.9em;text-align:%s;%s">%s</%s>`, tag, align, line, html.EscapeString(cell), tag)
		}
		out.WriteString("</tr>")
	}
	out.WriteString("</table>\n")
	_, err := io.WriteString(w, out.String())
	return err
}

// String is the table as text.
func (t Table) String() string {
	var out strings.Builder
	_ = t.WriteText(&out) // a Builder does not fail
	return out.String()
}

// format returns all rows as text, the header first and short rows filled up, and which columns hold numbers only.
func (t Table) format() (cells [][]string, numeric []bool) {
	columns := len(t.Header)
	for _, row := range t.Rows {
		columns = max(columns, len(row))
	}
	numeric = make([]bool, columns)
	for i := range numeric {
		numeric[i] = len(t.Rows) > 0
	}
	if len(t.Header) > 0 {
		cells = append(cells, append(append([]string(nil), t.Header...), make([]string, columns-len(t.Header))...))
	}
	for _, row := range t.Rows {
		line := make([]string, columns)
		for i, cell := range row {
			text, isNumber := formatCell(cell)
			line[i] = text
			numeric[i] = numeric[i] && isNumber
		}
		cells = append(cells, line)
	}
	return cells, numeric
}

func formatCell(cell any) (text string, isNumber bool) {
	switch v := cell.(type) {
	case nil:
		return "–", true
	case float32:
		return formatCell(float64(v))
	case float64:
		if math.IsNaN(v) {
			return "–", true
		}
		return strings.Replace(fmt.Sprintf("%.4g", v), "-", "−", 1), true
	case int, int32, int64, uint, uint32, uint64:
		return fmt.Sprint(v), true
	}
	return fmt.Sprint(cell), false
}
