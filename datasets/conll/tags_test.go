package conll_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/datasets/conll"
	"pgregory.net/rapid"
)

func show(entities []conll.Entity) string {
	var parts []string
	for _, e := range entities {
		parts = append(parts, fmt.Sprintf("%s:%d:%d", e.Type, e.Start, e.End))
	}
	return strings.Join(parts, " ")
}

func TestEntitiesAreThoseOfSeqeval(t *testing.T) {
	content, err := os.ReadFile("testdata/entities.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for line := range strings.SplitSeq(strings.TrimSpace(string(content)), "\n") {
		cases++
		fields := strings.Split(line, "|")
		tags := strings.Split(fields[0], " ")
		got, err := conll.Entities(tags)
		if err != nil || show(got) != fields[1] {
			t.Errorf("%q: Entities gives %q, %v; seqeval %q", tags, show(got), err, fields[1])
		}
		for i, s := range []conll.Scheme{conll.IOB1, conll.IOB2, conll.BIOES} {
			want := fields[2+i]
			got, err := conll.Strict(tags, s)
			if (want == "-") != (err != nil) || err == nil && show(got) != want {
				t.Errorf("%q in %v: Strict gives %q, %v; seqeval %q", tags, s, show(got), err, want)
			}
			// A sequence is legal exactly if writing the entities that it has gives it back.
			repaired, encodeErr := conll.Encode(must(conll.Entities(tags)), len(tags), s)
			if encodeErr != nil {
				t.Fatal(encodeErr)
			}
			if legal := conll.Check(tags, s) == nil; legal != slices.Equal(repaired, tags) {
				t.Errorf("%q in %v: Check says legal %v, repaired they are %q", tags, s, legal,
					repaired)
			}
		}
	}
	if cases != 9+81+729+400 {
		t.Errorf("%d cases", cases)
	}
}

func must(e []conll.Entity, err error) []conll.Entity {
	if err != nil {
		panic(err)
	}
	return e
}

func TestEncodeAndReadAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []conll.Entity
		n := 0
		for range rapid.IntRange(0, 6).Draw(t, "entities") {
			n += rapid.IntRange(0, 2).Draw(t, "gap")
			length := rapid.IntRange(1, 3).Draw(t, "length")
			kind := rapid.SampledFrom([]string{"X", "Y", "a-b"}).Draw(t, "type")
			want = append(want, conll.Entity{Type: kind, Start: n, End: n + length})
			n += length
		}
		for _, s := range []conll.Scheme{conll.IOB1, conll.IOB2, conll.BIOES} {
			tags, err := conll.Encode(want, n, s)
			if err != nil {
				t.Fatal(err)
			}
			lenient, err1 := conll.Entities(tags)
			strict, err2 := conll.Strict(tags, s)
			if err1 != nil || err2 != nil || !slices.Equal(lenient, want) ||
				!slices.Equal(strict, want) || conll.Check(tags, s) != nil {
				t.Fatalf("%v: %q from %v reads %v and %v, %v", s, tags, want, lenient, strict,
					conll.Check(tags, s))
			}
		}
	})
}

func TestTagsAreRefused(t *testing.T) {
	for _, c := range []struct {
		tags   string
		scheme conll.Scheme
		want   string
	}{
		{"O X-PER", conll.IOB2, `tag 1 is "X-PER"`},
		{"b-PER", conll.IOB2, `tag 0 is "b-PER"`},
		{"B-", conll.IOB2, `tag 0 is "B-"`},
		{"PER", conll.IOB2, `tag 0 is "PER"; wanted O, or one of B I, a hyphen and a type`},
		{"O-PER", conll.BIOES, `tag 0 is "O-PER"`},
		{"-PER", conll.BIOES, `tag 0 is "-PER"`},
		{"S-PER", conll.IOB2, `tag 0 is "S-PER"`},
		{"E-PER", conll.IOB1, `tag 0 is "E-PER"`},
		{"O I-PER", conll.IOB2, `tag 1 is "I-PER" after "O": in IOB2 an entity begins with B`},
		{"I-PER", conll.IOB2, `tag 0 is "I-PER" after the start`},
		{"B-PER I-LOC", conll.IOB2, `tag 1 is "I-LOC" after "B-PER"`},
		{"B-PER", conll.IOB1, `tag 0 is "B-PER" after the start: in IOB1`},
		{"I-LOC B-PER", conll.IOB1, `tag 1 is "B-PER" after "I-LOC"`},
		{"B-PER O", conll.BIOES, `tag 1 is "O" after "B-PER": in BIOES an entity ends with E or S`},
		{"O B-PER", conll.BIOES, `the tags end with "B-PER": in BIOES`},
		{"E-PER", conll.BIOES, `tag 0 is "E-PER" after the start`},
		{"S-PER I-PER", conll.BIOES, `tag 1 is "I-PER" after "S-PER"`},
	} {
		if err := conll.Check(strings.Split(c.tags, " "), c.scheme); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%q in %v: %v; wanted %q", c.tags, c.scheme, err, c.want)
		}
	}
	for _, bad := range [][]conll.Entity{{{"X", 0, 0}}, {{"X", -1, 1}}, {{"X", 2, 4}},
		{{"X", 0, 2}, {"X", 1, 3}}, {{"X", 2, 1}}} {
		if tags, err := conll.Encode(bad, 3, conll.IOB2); err == nil {
			t.Errorf("%v was written as %q", bad, tags)
		}
	}
	if _, err := conll.Entities([]string{"O", "Q-X"}); err == nil {
		t.Error("Q-X was read")
	}
}
