package wav

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Write16 writes interleaved samples as 16-bit integers. They are rounded, ties to even; 1 becomes
// 32767. A sample outside [-1, 1] is an error: scale or clip first.
func Write16(w io.Writer, rate, channels int, samples []float32) error {
	for i, v := range samples {
		if !(v >= -1 && v <= 1) {
			return fmt.Errorf("wav: sample %d is %v, outside [-1, 1]; scale or clip it first", i, v)
		}
	}
	return write(w, codePCM, 2, rate, channels, samples, func(b []byte, v float32) {
		rounded := min(math.RoundToEven(float64(v)*32768), 32767)
		binary.LittleEndian.PutUint16(b, uint16(int16(rounded)))
	})
}

// WriteFloat writes interleaved samples as 32-bit floats, exact. NaN and infinity are errors.
func WriteFloat(w io.Writer, rate, channels int, samples []float32) error {
	for i, v := range samples {
		if v-v != 0 {
			return fmt.Errorf("wav: sample %d is %v", i, v)
		}
	}
	return write(w, codeFloat, 4, rate, channels, samples, func(b []byte, v float32) {
		binary.LittleEndian.PutUint32(b, math.Float32bits(v))
	})
}

func write(w io.Writer, code uint16, width, rate, channels int, samples []float32,
	put func([]byte, float32)) error {
	align := width * channels
	switch {
	case channels < 1 || align > math.MaxUint16 || len(samples)%channels != 0:
		return fmt.Errorf("wav: %d samples do not make frames of %d channels", len(samples),
			channels)
	case rate < 1 || int64(rate)*int64(align) > math.MaxUint32:
		return fmt.Errorf("wav: %d frames a second cannot be written", rate)
	case int64(len(samples))*int64(width) > math.MaxUint32-64:
		return fmt.Errorf("wav: %d samples are more than a WAV file holds, 4 GiB; write several",
			len(samples))
	}
	le := binary.LittleEndian
	size := uint32(len(samples) * width)
	// A format other than PCM has a size of its extension, 0, and a fact chunk.
	extra, fact := []byte(nil), []byte(nil)
	if code != codePCM {
		extra = []byte{0, 0}
		fact = le.AppendUint32(le.AppendUint32([]byte("fact"), 4), uint32(len(samples)/channels))
	}
	format := le.AppendUint16(nil, code)
	format = le.AppendUint16(format, uint16(channels))
	format = le.AppendUint32(format, uint32(rate))
	format = le.AppendUint32(format, uint32(rate*align))
	format = le.AppendUint16(format, uint16(align))
	format = append(le.AppendUint16(format, uint16(8*width)), extra...)
	head := le.AppendUint32([]byte("RIFF"), uint32(4+8+len(format)+len(fact)+8)+size)
	head = le.AppendUint32(append(head, "WAVEfmt "...), uint32(len(format)))
	head = append(append(append(head, format...), fact...), "data"...)
	buffered := bufio.NewWriter(w)
	_, _ = buffered.Write(le.AppendUint32(head, size)) // Flush returns the first error
	b := make([]byte, width)
	for _, v := range samples {
		put(b, v)
		_, _ = buffered.Write(b)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("wav: write: %w", err)
	}
	return nil
}
