package conll_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/gomtl/gomtl/datasets/conll"
)

func FuzzRead(f *testing.F) {
	for _, c := range bad {
		f.Add([]byte(c.file))
	}
	f.Add([]byte("-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nx y B-NP S-ORG\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		width := 0
		for s, err := range conll.Read(bytes.NewReader(file),
			conll.Options{Comment: "# ", MaxBytes: 1 << 16}) {
			if err != nil {
				continue
			}
			if width == 0 {
				width = len(s.Rows[0])
			}
			if s.Line < 1 || len(s.Column(0)) == 0 || len(s.Rows[0]) != width {
				t.Fatalf("%+v", s)
			}
			checkTags(t, s.Column(-1))
		}
	})
}

// checkTags tests that tags which can be read can be repaired to any scheme.
func checkTags(t *testing.T, tags []string) {
	entities, err := conll.Entities(tags)
	if err != nil {
		return
	}
	for _, s := range []conll.Scheme{conll.IOB1, conll.IOB2, conll.BIOES} {
		repaired, err := conll.Encode(entities, len(tags), s)
		if err != nil || conll.Check(repaired, s) != nil {
			t.Fatalf("%q: %v, repaired to %v %q: %v", tags, err, s, repaired,
				conll.Check(repaired, s))
		}
		again, err := conll.Strict(repaired, s)
		if err != nil || !slices.Equal(again, entities) {
			t.Fatalf("%q: %v, repaired to %v %q and read as %v, %v", tags, entities, s, repaired,
				again, err)
		}
	}
}

func FuzzReadU(f *testing.F) {
	for _, c := range badU {
		f.Add([]byte(c.file))
	}
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, file []byte) {
		for tree, err := range conll.ReadU(bytes.NewReader(file),
			conll.Options{MaxBytes: 1 << 16}) {
			if err != nil {
				continue
			}
			if tree.Line < 1 || len(tree.Words) == 0 {
				t.Fatalf("%+v", tree)
			}
			for _, w := range tree.Words {
				if w.Head > len(tree.Words) || w.Form == "" {
					t.Fatalf("%+v", w)
				}
			}
		}
	})
}
