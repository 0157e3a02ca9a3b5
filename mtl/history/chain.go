package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
)

// chain is a checksum over the lines of history.jsonl so far: CRC-32C of the one before and the
// line. So a line that is changed, missing, doubled or in another place is found.
type chain uint32

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (c chain) next(body []byte) chain {
	return chain(crc32.Update(uint32(c), castagnoli, body))
}

// String is the checksum as it is written into files.
func (c chain) String() string { return fmt.Sprintf("%08x", uint32(c)) }

// The last field of every line is the checksum of the line without it.
const (
	sumKey    = `,"sum":"`
	sumEnd    = "\"}\n"
	sumLength = len(sumKey) + 8 + len(sumEnd)
)

var errNoSum = errors.New(`its last field is no "sum": it is damaged, or something else wrote it`)

// line is a record as a line of history.jsonl, with the checksum of all lines up to it.
func (c chain) line(r Record) ([]byte, chain, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, c, err
	}
	body := bytes.TrimSuffix(text, []byte("}"))
	sum := c.next(body)
	return fmt.Appendf(body, "%s%s%s", sumKey, sum, sumEnd), sum, nil
}

// read is the record of a line that follows the lines with this checksum.
func (c chain) read(line []byte) (r Record, sum chain, err error) {
	at := len(line) - sumLength
	if at < 0 || !bytes.HasPrefix(line[at:], []byte(sumKey)) || !bytes.HasSuffix(line, []byte(sumEnd)) {
		return r, c, errNoSum
	}
	body, written := line[:at], string(line[at+len(sumKey):len(line)-len(sumEnd)])
	if sum = c.next(body); sum.String() != written {
		return r, c, fmt.Errorf("it has not the checksum that was saved (%s in the file, %s of the file): "+
			"it, or a line before it, is damaged, missing or doubled", written, sum)
	}
	err = json.Unmarshal(line, &r)
	return r, sum, err
}

// Sum is the checksum of the first n records of a history that Load returned, as its file has it.
// It is empty where there are fewer.
func (h *History) Sum(n int) string {
	switch {
	case n < 0 || n > len(h.sums):
		return ""
	case n == 0:
		return chain(0).String()
	}
	return h.sums[n-1].String()
}
