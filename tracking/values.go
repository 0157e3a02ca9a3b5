package tracking

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
)

// value is one number of a record.
type value struct {
	kind   string // "learning_rate", "loss", "weight" or "metric"
	task   string // empty for the learning rate
	metric string // empty unless the kind is "metric"
	v      float64
}

// values lists what a record holds, always in the same order. A learning rate of 0 is one that was not recorded.
func values(r history.Record) []value {
	var out []value
	if r.LearningRate != 0 {
		out = append(out, value{kind: "learning_rate", v: r.LearningRate})
	}
	for _, task := range slices.Sorted(maps.Keys(r.Loss)) {
		out = append(out, value{kind: "loss", task: task, v: r.Loss[task]})
	}
	for _, task := range slices.Sorted(maps.Keys(r.Weight)) {
		out = append(out, value{kind: "weight", task: task, v: r.Weight[task]})
	}
	for _, task := range slices.Sorted(maps.Keys(r.Metric)) {
		for _, metric := range slices.Sorted(maps.Keys(r.Metric[task])) {
			out = append(out, value{kind: "metric", task: task, metric: metric, v: r.Metric[task][metric]})
		}
	}
	return out
}

// key is a value's name in TensorBoard and MLflow: learning_rate, loss/TASK, weight/TASK, metric/TASK/METRIC.
func (v value) key() string {
	parts := []string{v.kind}
	for _, name := range []string{v.task, v.metric} {
		if name != "" {
			parts = append(parts, portable(name))
		}
	}
	return strings.Join(parts, "/")
}

// setting is one thing that was fixed before the first step: a string, bool or json.Number.
type setting struct {
	name  string
	value any
}

func (s setting) text() string { return fmt.Sprint(s.value) }

// settings are what one would compare runs by: method, optimiser, sizes, seed, and the caller's own under config/. A list or an object among
// those is JSON text.
func settings(run history.Run) ([]setting, error) {
	out := []setting{
		{"weighting", run.Weighting}, {"optimizer", run.Optimizer}, {"seed", integer(run.Seed)}, {"steps", integer(run.Steps)},
		{"steps_per_epoch", integer(run.StepsPerEpoch)}, {"batch_size", integer(run.BatchSize)},
	}
	for _, name := range slices.Sorted(maps.Keys(run.Config)) {
		v, err := plain(run.Config[name])
		if err != nil {
			return nil, fmt.Errorf("the run %q has Config[%q], which JSON cannot hold: %w", run.Name, name, err)
		}
		out = append(out, setting{"config/" + portable(name), v})
	}
	return out, nil
}

// plain is v as its JSON would be read back: so a run in training has the same settings as its folder.
func plain(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // all digits of a number
	var read any
	if err := decoder.Decode(&read); err != nil {
		return nil, err
	}
	switch read.(type) {
	case string, bool, json.Number:
		return read, nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err = encoder.Encode(read)
	return strings.TrimSpace(text.String()), err
}

func integer[T int | int64](n T) json.Number { return json.Number(fmt.Sprint(n)) }

// facts are what else is known of a run: tasks, backend, versions.
func facts(run history.Run) []setting {
	var out []setting
	for _, t := range run.Tasks {
		out = append(out, setting{"task/" + portable(t.Name), t.Kind})
	}
	var versions []string
	for _, name := range slices.Sorted(maps.Keys(run.Versions)) {
		versions = append(versions, name+" "+run.Versions[name])
	}
	return append(out, setting{"backend", run.Backend}, setting{"execution", run.Execution}, setting{"versions", strings.Join(versions, ", ")})
}

// moment is the time at which a run had trained for some seconds. A run without a time of creation began with the Unix epoch.
func moment(run history.Run, seconds float64) time.Time {
	created := run.Created
	if created.IsZero() {
		created = time.Unix(0, 0)
	}
	return created.Add(time.Duration(seconds * float64(time.Second)))
}
