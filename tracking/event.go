package tracking

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// An event file is a row of TFRecords, each with one tensorflow.Event. Messages and field numbers are those of TensorBoard's
// compat/proto/{event,summary,tensor}.proto and plugins/hparams/plugin_data.proto; the bytes are those that its own library writes.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendTFRecord frames data: its length, the length's checksum, data, its checksum.
func appendTFRecord(b, data []byte) []byte {
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	b = append(b, length...)
	b = binary.LittleEndian.AppendUint32(b, maskedCRC(length))
	b = append(b, data...)
	return binary.LittleEndian.AppendUint32(b, maskedCRC(data))
}

// maskedCRC is TFRecord's checksum: CRC-32C, rotated and shifted so that a checksum of data with checksums in it is still a good one.
func maskedCRC(data []byte) uint32 {
	crc := crc32.Checksum(data, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}

// Fields of Event.
const (
	eventVersion protowire.Number = 3
	eventSummary protowire.Number = 5
	eventSession protowire.Number = 7
)

// event is a TFRecord with an event whose content is one of the fields above.
func event(at time.Time, step int, field protowire.Number, content []byte) []byte {
	b := double(nil, 1, float64(at.UnixMicro())/1e6)
	if step != 0 {
		b = varint(b, 2, uint64(step))
	}
	return appendTFRecord(nil, message(b, field, content))
}

// sessionStart is a SessionLog by which a reader forgets events of the same run that an older file may hold.
var sessionStart = varint(nil, 1, 1) // START

// scalar is a value of a Summary: a float32, which is all that TensorBoard draws.
func scalar(tag string, v float64) []byte {
	b := message(nil, 1, []byte(tag))
	b = protowire.AppendTag(b, 2, protowire.Fixed32Type)
	b = protowire.AppendFixed32(b, math.Float32bits(float32(v)))
	return message(nil, 1, b)
}

// text is a value of a Summary that TensorBoard's text plugin shows, as Markdown.
func text(tag, markdown string) []byte {
	const stringType = 7
	tensor := message(varint(nil, 1, stringType), 2, nil) // the shape of a scalar
	return pluginValue(tag, "text", nil, message(tensor, 8, []byte(markdown)))
}

// hparams is a value of a Summary for the plugin of hyper-parameters, which keeps its content in the summary's metadata; the tensor is empty.
func hparams(tag string, field protowire.Number, content []byte) []byte {
	const floatType = 1
	shape := message(nil, 2, nil) // one dimension, of size 0
	return pluginValue(tag, "hparams", message(nil, field, content), message(varint(nil, 1, floatType), 2, shape))
}

func pluginValue(tag, plugin string, content, tensor []byte) []byte {
	const tensorClass = 2
	data := message(nil, 1, []byte(plugin))
	if len(content) > 0 {
		data = message(data, 2, content)
	}
	metadata := varint(message(nil, 1, data), 4, tensorClass)
	return message(nil, 1, message(message(message(nil, 1, []byte(tag)), 8, tensor), 9, metadata))
}

// hparamsStart is a session_start_info: all settings, by which the plugin filters, sorts and colours runs.
func hparamsStart(all []setting, at time.Time) []byte {
	var b []byte
	for _, s := range all {
		var v []byte // google.protobuf.Value
		switch x := s.value.(type) {
		case json.Number:
			f, _ := x.Float64() // out of range: an infinity, which is as near as a double comes
			v = double(nil, 2, f)
		case bool:
			v = varint(nil, 4, protowire.EncodeBool(x))
		default:
			v = message(nil, 3, []byte(s.text()))
		}
		b = message(b, 1, message(message(nil, 1, []byte(s.name)), 2, v))
	}
	return hparams("_hparams_/session_start_info", 3, double(b, 5, float64(at.UnixMicro())/1e6))
}

// hparamsEnd is a session_end_info.
func hparamsEnd(failed bool, at time.Time) []byte {
	status := uint64(1) // STATUS_SUCCESS
	if failed {
		status = 2 // STATUS_FAILURE
	}
	return hparams("_hparams_/session_end_info", 4, double(varint(nil, 1, status), 2, float64(at.UnixMicro())/1e6))
}

// markdownTable has a row for each setting.
func markdownTable(all []setting) string {
	var b strings.Builder
	b.WriteString("| setting | value |\n|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, s := range all {
		b.WriteString("| " + cell.Replace(s.name) + " | " + cell.Replace(s.text()) + " |\n")
	}
	return b.String()
}

func message(b []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), content)
}

func varint(b []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func double(b []byte, field protowire.Number, v float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), math.Float64bits(v))
}
