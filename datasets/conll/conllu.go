package conll

import (
	"errors"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/gomtl/gomtl/datasets/internal/lines"
)

// Attribute is one name=value of the columns FEATS and MISC. MISC may hold names without a value.
type Attribute struct{ Name, Value string }

// Dependency is an edge of the column DEPS. Head is 0, the number of a word, or of an empty node
// such as 8.1.
type Dependency struct{ Head, Relation string }

// Word is a syntactic word. A column that holds "_" is empty here, but for a form or lemma that is
// an underscore.
type Word struct {
	Form, Lemma, UPOS, XPOS string
	Features                []Attribute
	// Head is the number of the head, 0 for the root and -1 if not given. Words count from 1: the
	// first is Words[0].
	Head     int
	Relation string
	Deps     []Dependency
	Misc     []Attribute
}

// Range is a token of several words, such as "don't": the words First to Last, counted from 1.
type Range struct {
	First, Last int
	Form        string
	Features    []Attribute // Typo=Yes is the only one that may stand here
	Misc        []Attribute
}

// Empty is an empty node, a word that is not in the text: the one numbered After.Index.
type Empty struct {
	After, Index int
	Word
}

// Tree is a sentence of a CoNLL-U file.
type Tree struct {
	// Line is the line of the first row.
	Line int
	// ID and Text are the comments sent_id and text; empty if missing.
	ID, Text string
	// Comments are all comment lines without "#", in order.
	Comments []string
	Words    []Word
	Ranges   []Range
	Empty    []Empty
}

// OpenU reads the CoNLL-U file at path, as [ReadU] does; errors name the file.
func OpenU(path string, o Options) iter.Seq2[Tree, error] {
	return func(yield func(Tree, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Tree{}, &lines.Error{Format: "conll", Err: err})
			return
		}
		defer f.Close()
		readU(f, path, o, yield)
	}
}

// ReadU yields the sentences of a CoNLL-U file. Of the options it takes MaxBytes only. An error
// stands for a sentence that could not be read; the next one follows.
//
// It checks what a program relies on: ten columns, none empty; words numbered from 1, with ranges
// and empty nodes at their place; heads that exist and, where every word has one, form no circle.
func ReadU(r io.Reader, o Options) iter.Seq2[Tree, error] {
	return func(yield func(Tree, error) bool) { readU(r, "", o, yield) }
}

func readU(r io.Reader, name string, o Options, yield func(Tree, error) bool) {
	b := newBlocks(r, name, "#", o.MaxBytes)
	for {
		block, err := b.next()
		if errors.Is(err, io.EOF) {
			return
		}
		var tree Tree
		if err == nil {
			tree, err = b.tree(block)
		}
		if !yield(tree, err) || b.failed {
			return
		}
	}
}

// tree parses the lines of one sentence.
func (b *blocks) tree(in block) (Tree, error) {
	t := Tree{Comments: in.comments}
	for _, c := range in.comments {
		key, value, found := strings.Cut(c, "=")
		switch key = strings.TrimSpace(key); {
		case found && key == "sent_id":
			t.ID = strings.TrimSpace(value)
		case found && key == "text":
			t.Text = strings.TrimSpace(value)
		}
	}
	if len(in.rows) == 0 {
		return Tree{}, b.l.Errorf(b.l.Line(), 0, "comments without a sentence")
	}
	t.Line = in.rows[0].line
	for _, row := range in.rows {
		fields := strings.Split(row.text, "\t")
		if strings.HasPrefix(row.text, "#") && len(fields) == 1 {
			return Tree{}, b.l.Errorf(row.line, 0,
				"a comment after the first word; is an empty line missing?")
		}
		if len(fields) != 10 {
			return Tree{}, b.l.Errorf(row.line, 0, "%d columns divided by TAB, wanted 10",
				len(fields))
		}
		for i, f := range fields {
			if strings.TrimSpace(f) == "" {
				return Tree{}, b.l.Errorf(row.line, 0, "column %s is empty; a missing value is _",
					columns[i])
			}
		}
		if err := t.add(fields); err != nil {
			return Tree{}, b.l.Errorf(row.line, 0, "%w", err)
		}
	}
	if err := t.check(); err != nil {
		return Tree{}, b.l.Errorf(t.Line, 0, "the sentence that begins here: %w", err)
	}
	return t, nil
}

var columns = [10]string{"ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS",
	"MISC"}
