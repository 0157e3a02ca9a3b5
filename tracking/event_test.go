package tracking

import (
	"bytes"
	"math"
	"os"
	"slices"
	"testing"
	"time"
)

// The check values of RFC 3720, appendix B.4, and of the CRC catalogue, unmasked by the inverse of the mask.
func TestMaskedCRC(t *testing.T) {
	ascending := make([]byte, 32)
	for i := range ascending {
		ascending[i] = byte(i)
	}
	for _, c := range []struct {
		data []byte
		want uint32
	}{
		{make([]byte, 32), 0x8a9136aa}, {bytes.Repeat([]byte{0xff}, 32), 0x62a8ab43}, {ascending, 0x46dd794e}, {[]byte("123456789"), 0xe3069283},
	} {
		rotated := maskedCRC(c.data) - 0xa282ead8
		if got := rotated>>17 | rotated<<15; got != c.want {
			t.Errorf("%v: %#x; wanted %#x", c.data, got, c.want)
		}
	}
}

// testdata/events.py writes the same events with TensorBoard's own library.
func TestEventsAreTensorBoards(t *testing.T) {
	want, err := os.ReadFile("testdata/events.tfevents")
	if err != nil {
		t.Fatal(err)
	}
	start := time.UnixMilli(1795482123456)
	end := start.Add(1250 * time.Millisecond)
	settings := []setting{{"config/resume", false}, {"seed", integer(3)}, {"weighting", "Uncertainty{}"}}
	got := slices.Concat(
		event(start, 0, eventVersion, []byte("brain.Event:2")),
		event(start, 0, eventSession, sessionStart),
		event(start, 0, eventSummary, slices.Concat(text("settings", "| α |\n"), hparamsStart(settings, start))),
		event(start.Add(250*time.Millisecond), 300, eventSummary, slices.Concat(scalar("loss/cls", 0.1), scalar("loss/zero", 0), scalar("weight/cls", math.Inf(1)))),
		event(end, 0, eventSummary, hparamsEnd(true, end)),
	)
	if !bytes.Equal(got, want) {
		t.Errorf("%x\nwanted\n%x", got, want)
	}
}
