package conll

import (
	"fmt"
	"strings"
)

// Scheme is a way to write entities as tags.
type Scheme int

// The schemes of the field. PER is a type; B begins, I is inside, E ends, S is single, O is
// outside.
const (
	// IOB2 begins every entity with B: B-PER I-PER O.
	IOB2 Scheme = iota
	// IOB1 begins an entity with I, and with B only right after one of the same type: I-PER I-PER
	// B-PER O.
	IOB1
	// BIOES is IOB2 with the last token E, and S for an entity of one token. IOBES is the same.
	BIOES
)

func (s Scheme) String() string {
	switch s {
	case IOB2:
		return "IOB2"
	case IOB1:
		return "IOB1"
	case BIOES:
		return "BIOES"
	}
	return fmt.Sprintf("Scheme(%d)", int(s))
}

// prefixes are the first letters of its tags.
func (s Scheme) prefixes() string {
	if s == BIOES {
		return "BIESO"
	}
	return "BIO"
}

// Entity is a span of tokens, [Start, End), with a type. The type is empty for tags such as "B"
// alone.
type Entity struct {
	Type       string
	Start, End int
}

// tag is a tag in its two parts. The zero value is O.
type tag struct {
	prefix byte // B, I, E, S; 0 for O
	kind   string
}

// parse takes tags to pieces.
func parse(tags []string, allowed string) ([]tag, error) {
	parsed := make([]tag, len(tags))
	for i, text := range tags {
		prefix, kind, _ := strings.Cut(text, "-")
		if len(prefix) != 1 || !strings.Contains(allowed, prefix) || prefix == "O" && text != "O" ||
			strings.HasSuffix(text, "-") {
			return nil, fmt.Errorf(
				"conll: tag %d is %q; wanted O, or one of %s, a hyphen and a type", i, text,
				strings.Join(strings.Split(allowed[:len(allowed)-1], ""), " "))
		}
		if prefix != "O" {
			parsed[i] = tag{prefix[0], kind}
		}
	}
	return parsed, nil
}

// starts says whether an entity begins at the tag t that follows p, as conlleval and seqeval's
// default have it.
func starts(p, t tag) bool {
	switch {
	case t.prefix == 0:
		return false
	case p.prefix == 0, t.prefix == 'B', t.prefix == 'S', p.kind != t.kind:
		return true
	}
	return p.prefix == 'E' || p.prefix == 'S'
}

// Entities reads tags of any scheme as conlleval and the default of seqeval do. A tag that does not
// go on with the entity before begins one: so I-PER after O is a start, and the illegal sequences
// of all schemes are repaired. Only a tag that is none of O, B-, I-, E- and S- is an error.
func Entities(tags []string) ([]Entity, error) {
	parsed, err := parse(tags, BIOES.prefixes())
	if err != nil {
		return nil, err
	}
	var found []Entity
	open := false
	var before tag
	for i, t := range parsed {
		begin := starts(before, t)
		if open && (begin || t.prefix == 0) {
			found[len(found)-1].End, open = i, false
		}
		if begin {
			found, open = append(found, Entity{Type: t.kind, Start: i}), true
		}
		before = t
	}
	if open {
		found[len(found)-1].End = len(tags)
	}
	return found, nil
}

// Check returns an error that names the first tag that the scheme does not allow, and why.
func Check(tags []string, s Scheme) error {
	parsed, err := parse(tags, s.prefixes())
	if err != nil {
		return err
	}
	for i := range len(parsed) + 1 {
		before, t := tag{}, tag{}
		if i > 0 {
			before = parsed[i-1]
		}
		if i < len(parsed) {
			t = parsed[i]
		}
		if why := illegal(before, t, s); why != "" && i < len(parsed) {
			return fmt.Errorf("conll: tag %d is %q after %s: %s", i, tags[i], previous(tags, i),
				why)
		} else if why != "" {
			return fmt.Errorf("conll: the tags end with %q: %s", tags[i-1], why)
		}
	}
	return nil
}

func previous(tags []string, i int) string {
	if i == 0 {
		return "the start"
	}
	return fmt.Sprintf("%q", tags[i-1])
}

// illegal says why t may not follow p; O stands for the start and the end.
func illegal(p, t tag, s Scheme) string {
	goesOn := (p.prefix == 'B' || p.prefix == 'I') && p.kind == t.kind
	switch s {
	case IOB2:
		if t.prefix == 'I' && !goesOn {
			return "in IOB2 an entity begins with B"
		}
	case IOB1:
		if t.prefix == 'B' && !goesOn {
			return "in IOB1 B stands only right after an entity of the same type"
		}
	case BIOES:
		inside := t.prefix == 'I' || t.prefix == 'E'
		if inside && !goesOn {
			return "in BIOES an entity begins with B or S"
		}
		if (p.prefix == 'B' || p.prefix == 'I') && !(inside && goesOn) {
			return "in BIOES an entity ends with E or S"
		}
	}
	return ""
}
