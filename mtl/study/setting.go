package study

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// LearningRate is the path in Setting.Values that stands for the learning rate.
const LearningRate = "learning_rate"

// Setting is one choice of everything that a sweep varies.
type Setting struct {
	// Method names the weighting, such as "Uncertainty" or "CAGrad{C:0.4}"; empty for fixed task weights.
	Method string `json:"method,omitempty"`
	// Weights are fixed task weights, by task name; a task that is not named has weight 1.
	Weights map[string]float64 `json:"weights,omitempty"`
	// Values are hyper-parameters by path, such as "learning_rate", "cagrad/c" or "shared/dropout".
	Values map[string][]float64 `json:"values,omitempty"`
	// Seed fixes initial weights, data order and random layers.
	Seed int64 `json:"seed"`
	// Alone names the only task of a single-task baseline; empty for settings of the sweep.
	Alone string `json:"alone,omitempty"`
}

// Key is the setting without its seed, as a text: settings with equal keys are repetitions of one another.
func (s Setting) Key() string {
	s.Seed = 0
	return strings.Join(s.parts(), ",")
}

// Name is the setting as a name of a folder: parts in a fixed order, long or unusual ones replaced by a hash of the whole.
func (s Setting) Name() string {
	text := strings.Join(s.parts(), ",")
	clean := strings.Map(func(r rune) rune {
		if r < 128 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("=,._+-", r)) {
			return r
		}
		return '_'
	}, text)
	if clean == text && len(clean) <= 100 {
		return clean
	}
	sum := sha256.Sum256([]byte(text))
	return clean[:min(len(clean), 80)] + "-" + hex.EncodeToString(sum[:5])
}

func (s Setting) parts() []string {
	var parts []string
	if s.Alone != "" {
		parts = append(parts, "alone="+s.Alone)
	}
	if s.Method != "" {
		parts = append(parts, s.Method)
	}
	for _, task := range slices.Sorted(maps.Keys(s.Weights)) {
		parts = append(parts, task+"="+number(s.Weights[task]))
	}
	for _, path := range slices.Sorted(maps.Keys(s.Values)) {
		parts = append(parts, strings.ReplaceAll(path, "/", ".")+"="+numbers(s.Values[path], "+"))
	}
	if s.Seed != 0 {
		parts = append(parts, fmt.Sprintf("seed=%d", s.Seed))
	}
	if len(parts) == 0 {
		parts = append(parts, "default")
	}
	return parts
}

// Label is the setting without its seed, for people: "cls 1 : seg 64", "CAGrad, cagrad/c 0.4", "seg alone".
func (s Setting) Label() string {
	var parts []string
	if s.Alone != "" {
		parts = append(parts, s.Alone+" alone")
	}
	if s.Method != "" {
		parts = append(parts, s.Method)
	}
	if len(s.Weights) > 0 {
		var weights []string
		for _, task := range slices.Sorted(maps.Keys(s.Weights)) {
			weights = append(weights, task+" "+short(s.Weights[task]))
		}
		parts = append(parts, strings.Join(weights, " : "))
	}
	for _, path := range slices.Sorted(maps.Keys(s.Values)) {
		values := make([]string, len(s.Values[path]))
		for i, v := range s.Values[path] {
			values[i] = short(v)
		}
		parts = append(parts, strings.ReplaceAll(path, "_", " ")+" "+strings.Join(values, " "))
	}
	if len(parts) == 0 {
		return "default"
	}
	return strings.Join(parts, ", ")
}

// Merged is s with what other sets on top.
func (s Setting) Merged(other Setting) Setting {
	merged := Setting{Method: s.Method, Weights: union(s.Weights, other.Weights), Values: union(s.Values, other.Values), Seed: s.Seed, Alone: s.Alone}
	if other.Method != "" {
		merged.Method = other.Method
	}
	if other.Seed != 0 {
		merged.Seed = other.Seed
	}
	if other.Alone != "" {
		merged.Alone = other.Alone
	}
	return merged
}

func union[V any](a, b map[string]V) map[string]V {
	if len(a)+len(b) == 0 {
		return nil
	}
	all := make(map[string]V, len(a)+len(b))
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// number has every digit, so that different settings have different names.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func numbers(values []float64, between string) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = number(v)
	}
	return strings.Join(texts, between)
}

// short has three significant digits, or all of a whole number of up to six.
func short(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e6 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
