package audio_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/gomtl/gomtl/datasets/audio"
)

// count is a source of the samples 0, 1, 2, ... that gives one frame a call, and then an error.
type count struct {
	frames, next int
	end          error
}

func (c *count) Format() audio.Format { return audio.Format{Rate: 8000, Channels: 2, Bits: 16} }
func (c *count) Frames() int64        { return 1 << 60 } // a lie
func (c *count) Read(dst []float32) (int, error) {
	if c.next == c.frames {
		return 0, c.end
	}
	dst[0], dst[1] = float32(2*c.next), float32(2*c.next+1)
	c.next++
	return 1, nil
}

func (c *count) ReadInts(dst []int32) (int, error) {
	floats := make([]float32, len(dst))
	n, err := c.Read(floats)
	for i, v := range floats {
		dst[i] = int32(v)
	}
	return n, err
}

func ExampleReadAll() {
	samples, err := audio.ReadAll(&count{frames: 2, end: io.EOF}, 10) // a file in practice
	fmt.Println(samples, err)
	_, err = audio.ReadAll(&count{frames: 20, end: io.EOF}, 10)
	fmt.Println(err)
	// Output:
	// [0 1 2 3] <nil>
	// audio: the file has more than 10 frames; read it in parts, or allow more
}

func TestReadAll(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		frames, max int
		end, want   error
	}{{3, 3, io.EOF, nil}, {0, 0, io.EOF, nil}, {3, 4, broken, broken}} {
		got, err := audio.ReadAllInts(&count{frames: c.frames, end: c.end}, c.max)
		if !errors.Is(err, c.want) || !slices.Equal(got, []int32{0, 1, 2, 3, 4, 5}[:2*c.frames]) {
			t.Errorf("%+v: %v %v", c, got, err)
		}
	}
	got, err := audio.ReadAllInts(&count{frames: 4, end: io.EOF}, 3)
	if err == nil || len(got) != 6 {
		t.Errorf("4 frames where 3 are allowed: %v %v", got, err)
	}
}
