// Package text lays out the tables of run folders.
package text

import (
	"strings"
	"unicode/utf8"
)

// Markdown is a table in GitHub's Markdown, aligned so that it reads well in a terminal too: the first left columns to the left, the others, numbers, to
// the right. The first row is the header. Control characters are written out.
func Markdown(rows [][]string, left int) string {
	escape := strings.NewReplacer("|", `\|`)
	width := make([]int, len(rows[0]))
	for _, cells := range rows {
		for i := range cells {
			cells[i] = escape.Replace(Line(cells[i]))
			width[i] = max(width[i], 3, utf8.RuneCountInString(cells[i]))
		}
	}
	var b strings.Builder
	for n, cells := range rows {
		for i, cell := range cells {
			fill := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i < left {
				b.WriteString("| " + cell + fill + " ")
			} else {
				b.WriteString("| " + fill + cell + " ")
			}
		}
		b.WriteString("|\n")
		if n > 0 {
			continue
		}
		for i := range cells {
			rule := strings.Repeat("-", width[i])
			if i >= left {
				rule = rule[1:] + ":"
			}
			b.WriteString("| " + rule + " ")
		}
		b.WriteString("|\n")
	}
	return b.String()
}
