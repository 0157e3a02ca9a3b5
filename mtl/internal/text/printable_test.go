package text_test

import (
	"testing"

	"github.com/gomtl/gomtl/mtl/internal/text"
)

func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"":                                 "",
		"digit 年齢 ü 😀 − \n\tnext":          "digit 年齢 ü 😀 − \n\tnext",
		"a\x1b]0;title\a b":                `a\u001b]0;title\u0007 b`,
		"\x1b[2Jgone\rhere\x7f":            `\u001b[2Jgone\u000dhere\u007f`,
		"\u009b31m":                        `\u009b31m`, // the control sequence introducer in one character
		"safe\u202egpj.exe\u202c":          `safe\u202egpj.exe\u202c`,
		"\u2066isolated\u2069\u200f":       `\u2066isolated\u2069\u200f`,
		"line\u2028end":                    `line\u2028end`,
		"\xff half \xe5\xb9":               `\xff half \xe5\xb9`,
		"the replacement character \ufffd": "the replacement character \ufffd",
	} {
		if got := text.Printable(s); got != want {
			t.Errorf("%q became %q; wanted %q", s, got, want)
		}
	}
	if got := text.Line("two\nlines\tand \x1b"); got != `two lines and \u001b` {
		t.Errorf("got %q", got)
	}
	table := text.Markdown([][]string{{"task", "loss"}, {"a\x1b[31m|b\nc", "1"}}, 1)
	want := "| task             | loss |\n| ---------------- | ---: |\n| a\\u001b[31m\\|b c |    1 |\n"
	if table != want {
		t.Errorf("the table is\n%s\nwanted\n%s", table, want)
	}
}
