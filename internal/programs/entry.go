package programs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Key names a program by the SHA-256 of all that its compilation depends on.
type Key [sha256.Size]byte

// NewKey hashes parts. Each is written with its length, so that no two lists of parts are alike.
func NewKey(parts ...[]byte) Key {
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:", len(part))
		hash.Write(part)
	}
	return Key(hash.Sum(nil))
}

// String returns the key in hexadecimal digits.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Note is what an entry says of its program.
type Note struct {
	Key  string        `json:"key"`
	Name string        `json:"name"` // that the program has in its text
	Took time.Duration `json:"took"` // to compile it
	Made time.Time     `json:"made"`
}

// header starts every entry. Its number changes when the format does: older entries are then misses.
const header = "gomtl compiled program 1 "

var errNoEntry = errors.New("programs: not a whole entry of this version")

// encode returns the bytes of an entry: a line with the SHA-256 of all that follows, the note in a
// line, the program.
func encode(note Note, program []byte) ([]byte, error) {
	line, err := json.Marshal(note)
	if err != nil {
		return nil, fmt.Errorf("programs: %w", err)
	}
	body := append(append(line, '\n'), program...)
	return append(firstLine(body), body...), nil
}

func firstLine(body []byte) []byte {
	sum := sha256.Sum256(body)
	return []byte(header + hex.EncodeToString(sum[:]) + "\n")
}

// decode returns what encode was given, and an error unless every bit of it is there.
func decode(entry []byte) (note Note, program []byte, err error) {
	_, body, _ := bytes.Cut(entry, []byte{'\n'})
	line, program, found := bytes.Cut(body, []byte{'\n'})
	if !found || !bytes.HasPrefix(entry, firstLine(body)) {
		return Note{}, nil, errNoEntry
	}
	if err := json.Unmarshal(line, &note); err != nil {
		return Note{}, nil, errNoEntry
	}
	return note, program, nil
}
