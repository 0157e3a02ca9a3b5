package lines_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/internal/lines"
)

// all reads every line; an error stands as its text.
func all(r io.Reader, max int) (got []string) {
	for l := lines.New(r, "x", "f", max); ; {
		line, err := l.Next()
		switch {
		case errors.Is(err, io.EOF):
			return got
		case err != nil:
			got = append(got, "! "+err.Error())
			if l.Done() {
				return got
			}
		default:
			got = append(got, string(line))
		}
	}
}

func TestNext(t *testing.T) {
	long := strings.Repeat("a", 200_000)
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"\n", []string{""}},
		{"a", []string{"a"}},
		{"a\nb\n", []string{"a", "b"}},
		{"a\r\nb\r\r\n\r\n", []string{"a", "b", ""}},
		{"\xef\xbb\xbfa\n", []string{"a"}},
		{"a\u2028b\u0085c\n", []string{"a\u2028b\u0085c"}},
		{"12345678\n123456789\n1\n",
			[]string{"12345678",
				"! x: f:2: the line has more than 8 bytes; raise MaxBytes if that is meant", "1"}},
		{"12345678\r\r\n", []string{"12345678"}},
		{long + "\nb\n", []string{"! x: f:1: the line has more than 8 bytes; raise MaxBytes if that is meant", "b"}},
		{"a\xe9\nb", []string{"! x: f:1:2: the byte 0xe9 is not UTF-8; is the file Latin-1? convert it to UTF-8", "b"}},
		{"a\rb\nc", []string{"! x: f:1:2: a carriage return inside a line; lines end with LF or CR LF", "c"}},
		{"\xff\xfea\x00", []string{"! x: f:1:1: the file is UTF-16; convert it to UTF-8"}},
		{"\x1f\x8b\x08", []string{"! x: f:1:1: the file is compressed by gzip; unpack it"}},
	} {
		if got := all(strings.NewReader(c.in), 8); !slices.Equal(got, c.want) {
			t.Errorf("%.40q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestReadErrorEnds(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("a\nb"),
		iotest.ErrReader(errors.New("disk on fire")))
	if got := all(broken, 8); !slices.Equal(got, []string{"a", "! x: f:2: read: disk on fire"}) {
		t.Errorf("%q", got)
	}
}
