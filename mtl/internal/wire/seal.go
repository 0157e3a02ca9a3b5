package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// The last field of a sealed object is the SHA-256 of the text without it.
const sealKey, sealEnd = ",\n  \"sha256\": \"", "\"\n}\n"

const sealLength = len(sealKey) + 2*sha256.Size + len(sealEnd)

// ErrNotSealed is the error of a text that Seal did not write.
var ErrNotSealed = errors.New(
	`its last field is no "sha256": it is damaged, or something else wrote it`)

// Seal is an object as indented JSON with its SHA-256 as last field, so that Unseal finds every
// damage.
func Seal(object any) ([]byte, error) {
	text, err := json.MarshalIndent(object, "", "  ")
	if err != nil {
		return nil, err
	}
	body, isObject := bytes.CutSuffix(text, []byte("\n}"))
	if !isObject {
		return nil, fmt.Errorf("only an object with fields can be sealed, got %.40s", text)
	}
	return fmt.Appendf(body, "%s%s%s", sealKey, sum(body), sealEnd), nil
}

// Unseal reads what Seal wrote. A text that differs from it in one bit is an error.
func Unseal(text []byte, into any) error {
	at := len(text) - sealLength
	if at < 0 || !bytes.HasPrefix(text[at:], []byte(sealKey)) {
		return ErrNotSealed
	}
	if !bytes.HasSuffix(text, []byte(sealEnd)) {
		return ErrNotSealed
	}
	body, seal := text[:at], text[at+len(sealKey):len(text)-len(sealEnd)]
	if want := sum(body); want != string(seal) {
		return fmt.Errorf("it has not the SHA-256 that was saved: it is damaged "+
			"(%.8s… in the file, %.8s… of the file)", seal, want)
	}
	return json.Unmarshal(text, into)
}

func sum(text []byte) string {
	hash := sha256.Sum256(text)
	return hex.EncodeToString(hash[:])
}
