package history_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
)

// Whatever a run folder holds, Load ends, and what it takes can be shown and written again.
func FuzzLoad(f *testing.F) {
	dir := f.TempDir()
	w, err := history.Create(dir, run)
	for _, r := range []history.Record{record(1, history.Train), record(2, history.Validation)} {
		if err == nil {
			err = w.Append(r)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		f.Fatal(err)
	}
	about, path := filepath.Join(dir, history.RunFile), filepath.Join(dir, history.RecordsFile)
	written := make([][]byte, 2)
	for i, name := range []string{about, path} {
		if written[i], err = os.ReadFile(name); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(written[0], written[1])
	f.Add(written[0], written[1][:len(written[1])-9])
	f.Add([]byte(`{"name":"x","tasks":[{"name":"a","metrics":[{"name":"m"}]}],"quantities":[{"name":"q","rows":["a"],"columns":["b"]}]}`),
		[]byte("{\"step\":1,\"split\":\"train\",\"loss\":{\"a\":1},\"values\":{\"q\":[1]}}\n{\"step\":2,\"split\":\"validation\",\"loss\":{\"a\":null},\"metric\":{\"a\":{\"m\":0.5}}}\n"))
	f.Add([]byte(`{}`), []byte("null\n\n[]\n"))
	f.Fuzz(func(t *testing.T, run, records []byte) {
		for name, data := range map[string][]byte{about: run, path: records} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h, err := history.Load(dir)
		if err != nil {
			return
		}
		_ = history.Table(h)
		for _, task := range h.TaskNames() {
			_, _ = h.Loss(history.Train, task), h.Weight(task)
			for _, metric := range h.MetricNames(history.Validation, task) {
				_ = h.Metric(history.Validation, task, metric)
			}
		}
		for _, q := range h.Run.Quantities {
			_, _ = h.Values(q.Name)
		}
		for _, r := range h.Records {
			data, err := json.Marshal(r)
			if err != nil {
				t.Fatalf("read but not written: %v", err)
			}
			var again history.Record
			if err := json.Unmarshal(data, &again); err != nil {
				t.Fatalf("written but not read: %v", err)
			}
		}
	})
}
