package conll

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// add parses the ten fields of a row, which must go on with the rows before.
func (t *Tree) add(fields []string) error {
	word, err := parseWord(fields)
	if err != nil {
		return err
	}
	id := fields[0]
	if first, last, found := strings.Cut(id, "-"); found {
		return t.addRange(first, last, word)
	}
	if after, index, found := strings.Cut(id, "."); found {
		return t.addEmpty(after, index, word)
	}
	if n, ok := number(id); !ok || n != len(t.Words)+1 {
		return fmt.Errorf("ID is %q, wanted %d", id, len(t.Words)+1)
	}
	t.Words = append(t.Words, word)
	return nil
}

func (t *Tree) addRange(first, last string, word Word) error {
	f, ok1 := number(first)
	l, ok2 := number(last)
	switch {
	case !ok1 || !ok2 || f >= l:
		return fmt.Errorf("the range %s-%s; wanted two numbers, the second larger", first, last)
	case f != len(t.Words)+1:
		return fmt.Errorf("the range %s-%s stands before word %d, not before its first", first,
			last, len(t.Words)+1)
	case len(t.Ranges) > 0 && t.Ranges[len(t.Ranges)-1].Last >= f:
		return fmt.Errorf("the range %s-%s overlaps the one before", first, last)
	case word.Head >= 0 || word.UPOS != "" || word.Relation != "":
		return fmt.Errorf(
			"the range %s-%s has a part of speech, head or relation, which its words should have",
			first, last)
	}
	t.Ranges = append(t.Ranges, Range{First: f, Last: l, Form: word.Form, Features: word.Features,
		Misc: word.Misc})
	return nil
}

func (t *Tree) addEmpty(after, index string, word Word) error {
	a, ok1 := number(after)
	i, ok2 := number(index)
	want := 1
	if n := len(t.Empty); n > 0 && t.Empty[n-1].After == len(t.Words) {
		want = t.Empty[n-1].Index + 1
	}
	switch {
	case !ok1 || !ok2 || a != len(t.Words) || i != want:
		return fmt.Errorf("the empty node %s.%s; wanted %d.%d here", after, index, len(t.Words),
			want)
	case word.Head >= 0 || word.Relation != "":
		return fmt.Errorf("the empty node %s.%s has a head, which belongs into DEPS", after, index)
	}
	t.Empty = append(t.Empty, Empty{After: a, Index: i, Word: word})
	return nil
}

// number parses digits alone: no sign, no zero in front.
func number(text string) (int, bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err == nil && strconv.FormatInt(n, 10) == text && n >= 0
}

// parseWord parses all columns but the first.
func parseWord(fields []string) (Word, error) {
	given := func(i int) string {
		if fields[i] == "_" {
			return ""
		}
		return fields[i]
	}
	w := Word{Form: fields[1], Lemma: given(2), UPOS: given(3), XPOS: given(4), Head: -1,
		Relation: given(7)}
	if fields[1] == "_" {
		w.Lemma = fields[2]
	}
	if head := given(6); head != "" {
		n, ok := number(head)
		if !ok {
			return Word{}, fmt.Errorf("HEAD is %q, wanted a number or _", head)
		}
		w.Head = n
	}
	var err error
	if w.Features, err = attributes(given(5), true); err != nil {
		return Word{}, fmt.Errorf("FEATS: %w", err)
	}
	if w.Misc, err = attributes(given(9), false); err != nil {
		return Word{}, fmt.Errorf("MISC: %w", err)
	}
	if w.Deps, err = dependencies(given(8)); err != nil {
		return Word{}, fmt.Errorf("DEPS: %w", err)
	}
	return w, nil
}

// attributes parses a=b|c=d. In a strict list each has a value and stands once.
func attributes(text string, strict bool) ([]Attribute, error) {
	if text == "" {
		return nil, nil
	}
	var found []Attribute
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, "|") {
		name, value, _ := strings.Cut(part, "=")
		if strict && (name == "" || value == "") {
			return nil, fmt.Errorf("%q, wanted name=value", part)
		}
		if strict && seen[name] {
			return nil, fmt.Errorf("%s stands twice", name)
		}
		seen[name] = true
		found = append(found, Attribute{name, value})
	}
	return found, nil
}

func dependencies(text string) ([]Dependency, error) {
	if text == "" {
		return nil, nil
	}
	var found []Dependency
	for part := range strings.SplitSeq(text, "|") {
		head, relation, _ := strings.Cut(part, ":")
		word, index, empty := strings.Cut(head, ".")
		_, ok := number(word)
		if empty && ok {
			_, ok = number(index)
		}
		if !ok || relation == "" {
			return nil, fmt.Errorf("%q, wanted head:relation", part)
		}
		found = append(found, Dependency{head, relation})
	}
	return found, nil
}

// check tests what only the whole sentence tells.
func (t *Tree) check() error {
	if len(t.Words) == 0 {
		return errors.New("it has no words")
	}
	if n := len(t.Ranges); n > 0 && t.Ranges[n-1].Last > len(t.Words) {
		return fmt.Errorf("the range %d-%d ends after the last word, %d", t.Ranges[n-1].First,
			t.Ranges[n-1].Last, len(t.Words))
	}
	full := true
	for i, w := range t.Words {
		if w.Head > len(t.Words) {
			return fmt.Errorf("word %d has head %d, the last word is %d", i+1, w.Head, len(t.Words))
		}
		full = full && w.Head >= 0
	}
	if err := t.checkDeps(); err != nil || !full {
		return err
	}
	seen := make([]int, len(t.Words)+1) // the word from which it was reached first
	for start := range t.Words {
		at := start + 1
		for at != 0 && seen[at] == 0 {
			seen[at] = start + 1
			at = t.Words[at-1].Head
		}
		if at != 0 && seen[at] == start+1 {
			return fmt.Errorf("the heads from word %d go round in a circle", at)
		}
	}
	return nil
}

// checkDeps tests that the heads of DEPS exist.
func (t *Tree) checkDeps() error {
	nodes := map[string]bool{}
	for _, e := range t.Empty {
		nodes[itoa(e.After)+"."+itoa(e.Index)] = true
	}
	test := func(id string, deps []Dependency) error {
		for _, d := range deps {
			if n, ok := number(d.Head); !(ok && n <= len(t.Words)) && !nodes[d.Head] {
				return fmt.Errorf("DEPS of %s name %s, which is not in the sentence", id, d.Head)
			}
		}
		return nil
	}
	for i, w := range t.Words {
		if err := test(itoa(i+1), w.Deps); err != nil {
			return err
		}
	}
	for _, e := range t.Empty {
		if err := test(itoa(e.After)+"."+itoa(e.Index), e.Deps); err != nil {
			return err
		}
	}
	return nil
}
