package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns s with its control characters written out, as \u001b, so that a terminal shows
// them and does not obey them. Line ends and tabs stay. Written out are, too, the marks that turn
// the direction of what follows, which can make a name look like another, and bytes that are not
// UTF-8.
func Printable(s string) string {
	if !strings.ContainsFunc(s, obeyed) && utf8.ValidString(s) {
		return s
	}
	var out strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, s[0])
		case obeyed(r):
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteString(s[:size])
		}
		s = s[size:]
	}
	return out.String()
}

// Line is Printable on one line.
func Line(s string) string {
	return Printable(strings.NewReplacer("\n", " ", "\t", " ").Replace(s))
}

// obeyed says of a character that a terminal does something for it.
func obeyed(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
		return true
	}
	return false
}
