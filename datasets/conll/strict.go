package conll

import "fmt"

// Strict reads tags as seqeval's strict mode does: an entity that breaks the scheme is left out,
// not repaired. A tag whose letter is not in the scheme is an error. [Check] tells what was broken.
func Strict(tags []string, s Scheme) ([]Entity, error) {
	parsed, err := parse(tags, s.prefixes())
	if err != nil {
		return nil, err
	}
	var found []Entity
	var before tag
	for i := 0; i < len(parsed); {
		if !s.begins(before, parsed[i]) {
			before, i = parsed[i], i+1
			continue
		}
		end := i + 1
		for end < len(parsed) && s.continues(parsed[end-1], parsed[end]) {
			end++
		}
		var after tag
		if end < len(parsed) {
			after = parsed[end]
		}
		if s.ends(parsed[end-1], after) {
			found = append(found, Entity{Type: parsed[i].kind, Start: i, End: end})
		}
		before, i = parsed[end-1], end
	}
	return found, nil
}

// begins says whether an entity may start at t after p.
func (s Scheme) begins(p, t tag) bool {
	if s != IOB1 {
		return t.prefix == 'B' || t.prefix == 'S'
	}
	switch t.prefix {
	case 'I':
		return p.prefix == 0 || p.prefix == 'B' || p.kind != t.kind
	case 'B':
		return p.prefix != 0 && p.kind == t.kind
	}
	return false
}

// continues says whether t belongs to the entity of p.
func (s Scheme) continues(p, t tag) bool {
	return (p.prefix == 'B' || p.prefix == 'I') && (t.prefix == 'I' || t.prefix == 'E') &&
		p.kind == t.kind
}

// ends says whether an entity may end at p, before t.
func (s Scheme) ends(p, t tag) bool {
	if s == BIOES {
		return p.prefix == 'E' || p.prefix == 'S'
	}
	if s == IOB1 && p.prefix == 'B' && t.prefix == 'B' {
		return p.kind == t.kind
	}
	return true
}

// Encode writes entities, which must be in order and apart, as n tags of the scheme. Encode of
// [Entities] repairs a sequence.
func Encode(entities []Entity, n int, s Scheme) ([]string, error) {
	tags := make([]string, n)
	for i := range tags {
		tags[i] = "O"
	}
	before := Entity{}
	for k, e := range entities {
		if e.Start < before.End || e.End <= e.Start || e.End > n {
			return nil, fmt.Errorf(
				"conll: entity %d is [%d, %d); wanted a span between %d and %d, entities in order",
				k, e.Start, e.End, before.End, n)
		}
		touches := k > 0 && before.End == e.Start && before.Type == e.Type
		for i := e.Start; i < e.End; i++ {
			tags[i] = s.letter(i == e.Start, i == e.End-1, touches)
			if e.Type != "" {
				tags[i] += "-" + e.Type
			}
		}
		before = e
	}
	return tags, nil
}

// letter is the tag of a token that is first or last of its entity.
// touches says that the entity follows one of its type at once.
func (s Scheme) letter(first, last, touches bool) string {
	switch {
	case s == BIOES && first && last:
		return "S"
	case s == BIOES && last:
		return "E"
	case first && (s != IOB1 || touches):
		return "B"
	}
	return "I"
}
