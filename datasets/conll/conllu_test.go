package conll_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/datasets/conll"
)

const sample = "# newdoc\n# sent_id = s-1\n# text = don't = stop _\n" +
	"1-2\tdon't\t_\t_\t_\tTypo=Yes\t_\t_\t_\tSpaceAfter=No|x|Cxn=a=b\n" +
	"1\tdo\tdo\tAUX\tVB\tMood=Imp|VerbForm=Fin\t3\taux\t3:aux\t_\n" +
	"2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t3:advmod|3.1:conj:and\t_\n" +
	"3\tstop\tstop\tVERB\tVB\t_\t0\troot\t0:root\t_\n" +
	"3.1\tgo on\tgo on\tVERB\tVB\t_\t_\t_\t3:conj:and\tCopyOf=3\n" +
	"4\t_\t_\tSYM\tNN\t_\t3\tdep\t_\t_\n"

func ExampleReadU() {
	for tree, err := range conll.ReadU(strings.NewReader(sample), conll.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, w := range tree.Words {
			fmt.Print(w.Form, "/", w.UPOS, "<", w.Head, " ")
		}
	}
	// Output: do/AUX<3 n't/PART<3 stop/VERB<0 _/SYM<3
}

func TestReadU(t *testing.T) {
	got, errs := all(conll.ReadU(strings.NewReader(sample+"\n\n"+strings.ReplaceAll(sample, "\n",
		"\r\n")), conll.Options{}))
	type deps = []conll.Dependency
	type attributes = []conll.Attribute
	want := conll.Tree{
		Line: 4, ID: "s-1", Text: "don't = stop _", Comments: []string{"newdoc", "sent_id = s-1",
			"text = don't = stop _"},
		Words: []conll.Word{
			{Form: "do", Lemma: "do", UPOS: "AUX", XPOS: "VB",
				Features: attributes{{"Mood", "Imp"},
					{"VerbForm", "Fin"}}, Head: 3, Relation: "aux", Deps: deps{{"3", "aux"}}},
			{Form: "n't", Lemma: "not", UPOS: "PART", XPOS: "RB", Head: 3, Relation: "advmod",
				Deps: deps{{"3", "advmod"}, {"3.1", "conj:and"}}},
			{Form: "stop", Lemma: "stop", UPOS: "VERB", XPOS: "VB", Relation: "root",
				Deps: deps{{"0", "root"}}},
			{Form: "_", Lemma: "_", UPOS: "SYM", XPOS: "NN", Head: 3, Relation: "dep"},
		},
		Ranges: []conll.Range{{First: 1, Last: 2, Form: "don't",
			Features: attributes{{"Typo", "Yes"}}, Misc: attributes{{"SpaceAfter", "No"},
				{"x", ""}, {"Cxn", "a=b"}}}},
		Empty: []conll.Empty{{After: 3, Index: 1, Word: conll.Word{
			Form: "go on", Lemma: "go on", UPOS: "VERB", XPOS: "VB", Head: -1, Deps: deps{{"3",
				"conj:and"}}, Misc: attributes{{"CopyOf", "3"}},
		}}},
	}
	if len(got) != 2 || errs != nil || !reflect.DeepEqual(got[0], want) {
		t.Fatalf("got %+v %q\nwant %+v", got, errs, want)
	}
	if want.Line = 15; !reflect.DeepEqual(got[1], want) {
		t.Errorf("with CR LF %+v", got[1])
	}
}

// Several empty nodes may stand at one place, the first of them before all words.
func TestEmptyNodes(t *testing.T) {
	empty := func(id string) string { return row(id, "_", "_", "1:conj") }
	file := empty("0.1") + empty("0.2") + row("1", "0", "_", "_") + empty("1.1") + empty("1.2")
	got, errs := all(conll.ReadU(strings.NewReader(file), conll.Options{}))
	if errs != nil || len(got) != 1 || len(got[0].Empty) != 4 {
		t.Fatalf("%v %q", got, errs)
	}
	for i, want := range [][2]int{{0, 1}, {0, 2}, {1, 1}, {1, 2}} {
		if e := got[0].Empty[i]; e.After != want[0] || e.Index != want[1] || e.Head != -1 {
			t.Errorf("%+v, wanted %v", e, want)
		}
	}
}

// row is a row of CoNLL-U of which what matters is given.
func row(id, head, feats, deps string) string {
	return strings.Join([]string{id, "form", "lemma", "X", "_", feats, head, "_", deps, "_"},
		"\t") + "\n"
}

var badU = []struct{ file, want string }{
	{"1\ta\n", "line 1: 2 columns divided by TAB, wanted 10"},
	{strings.ReplaceAll(row("1", "0", "_", "_"), "\t", " "), "1 columns divided by TAB"},
	{strings.TrimSuffix(row("1", "0", "_", "_"), "\n") + "\tx\n", "11 columns"},
	{row("1", "0", "", "_"), "line 1: column FEATS is empty; a missing value is _"},
	{row("2", "0", "_", "_"), `ID is "2", wanted 1`},
	{row("1", "0", "_", "_") + row("1", "0", "_", "_"), `line 2: ID is "1", wanted 2`},
	{row("01", "0", "_", "_"), `ID is "01", wanted 1`},
	{row("99999999999999999999", "0", "_", "_"), "wanted 1"},
	{row("1", "x", "_", "_"), `HEAD is "x", wanted a number or _`},
	{row("1", "-1", "_", "_"), `HEAD is "-1"`},
	{row("1", "2", "_", "_"), "word 1 has head 2, the last word is 1"},
	{row("1", "1", "_", "_"), "the heads from word 1 go round in a circle"},
	{row("1", "2", "_", "_") + row("2", "3", "_", "_") + row("3", "2", "_", "_"),
		"go round in a circle"},
	{row("1", "0", "Case", "_"), `FEATS: "Case", wanted name=value`},
	{row("1", "0", "Case=Nom|", "_"), `FEATS: "", wanted name=value`},
	{row("1", "0", "=Nom", "_"), `FEATS: "=Nom"`},
	{row("1", "0", "Case=Nom|Case=Acc", "_"), "FEATS: Case stands twice"},
	{row("1", "0", "_", "root"), `DEPS: "root", wanted head:relation`},
	{row("1", "0", "_", "0:"), `DEPS: "0:"`},
	{row("1", "0", "_", "5:conj"), "DEPS of 1 name 5, which is not in the sentence"},
	{row("1", "0", "_", "1.1:conj"), "DEPS of 1 name 1.1"},
	{row("1-2", "_", "_", "_") + row("1", "0", "_", "_"), "the range 1-2 has a part of speech"},
	{strings.Replace(row("1-2", "_", "_", "_"), "\tX\t", "\t_\t", 1) + row("1", "0", "_", "_"),
		"the range 1-2 ends after the last word, 1"},
	{row("2-1", "_", "_", "_"), "the range 2-1; wanted two numbers, the second larger"},
	{row("1-", "_", "_", "_"), "the range 1-; wanted two numbers"},
	{row("3-4", "_", "_", "_"), "the range 3-4 stands before word 1"},
	{row("1.1", "_", "_", "_"), "the empty node 1.1; wanted 0.1 here"},
	{row("1", "0", "_", "_") + row("1.2", "_", "_", "_"),
		"line 2: the empty node 1.2; wanted 1.1 here"},
	{row("1", "0", "_", "_") + row("1.1", "1", "_", "_"), "the empty node 1.1 has a head"},
	{row("0.1", "_", "_", "_"), "it has no words"},
	{"# text = a\n\n" + "", "comments without a sentence"},
	{row("1", "0", "_", "_") + "# late\n", "line 2: a comment after the first word"},
	{"1\tcaf\xe9\n", "line 1, column 6: the byte 0xe9 is not UTF-8"},
	{strings.Repeat("# "+strings.Repeat("x", 100)+"\n", 50),
		"the sentence takes more than 4000 bytes"},
}

func TestReadURefuses(t *testing.T) {
	for _, c := range badU {
		good := row("1", "_", "_", "_")
		got, errs := all(conll.ReadU(strings.NewReader(c.file+"\n"+good),
			conll.Options{MaxBytes: 4000}))
		if len(errs) != 1 || !strings.Contains(errs[0], c.want) || len(got) != 1 {
			t.Errorf("%.80q: %.300q, %d trees; wanted one error with %q, one tree", c.file, errs,
				len(got), c.want)
		}
	}
}
