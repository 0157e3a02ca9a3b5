// Package conll reads annotated sentences: columns as in CoNLL-2003, CoNLL-U, and entities from
// tags.
//
// [Read] and [Open] take files with a token a line, columns divided by a TAB or blanks, and an
// empty line after a sentence. [ReadU] and [OpenU] take CoNLL-U
// (https://universaldependencies.org/format.html). [Entities], [Strict], [Check] and [Encode] go
// from tags to entities and back.
//
// What such files hold, and what comes of it here:
//
//   - A token may begin with "#", as hashtags do, and some files have comments that begin so too.
//     Comments are recognised only with [Options].Comment set, and only before the first token of a
//     sentence.
//   - A token may hold a no-break space, U+0085 or U+2028. Only a TAB or a blank divides columns,
//     only LF or CR LF lines.
//   - An "empty" line between sentences may hold blanks or a TAB; lines may end with CR LF; a byte
//     order mark is dropped.
//   - Rows of different width, Latin-1 and control over memory: an error with file and line;
//     reading goes on with the next sentence. One sentence at most is in memory, and never more
//     than [Options].MaxBytes.
//   - CoNLL-2003 marks documents with -DOCSTART- rows, which are no tokens: [Sentence].Document
//     counts them.
//   - CoNLL-2003 as first published has IOB1 tags, most copies IOB2. Both use B and I, and what is
//     a start in one is an error in the other: tags are handed on as they are, and a [Scheme] is
//     named where they are read.
//
// # Entities
//
// [Entities] reads tags as conlleval and the default of seqeval do: a tag that does not go on with
// the entity before starts one. [Strict] reads them as seqeval's strict mode: an entity whose tags
// break the scheme does not count. The two give different F1 values for the same file; say which
// was used.
package conll
