package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting/report"
)

// Whatever a run folder holds, its page is drawn or refused.
func FuzzWrite(f *testing.F) {
	h, dir := exampleRun(), f.TempDir()
	w, err := history.Create(dir, h.Run)
	for _, r := range h.Records[:45] {
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
	paths := []string{filepath.Join(dir, history.RunFile), filepath.Join(dir, history.RecordsFile)}
	written := make([][]byte, len(paths))
	for i, path := range paths {
		if written[i], err = os.ReadFile(path); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(written[0], written[1])
	f.Add([]byte(`{"name":"x","tasks":[{"name":"a","kind":"binary","metrics":[{"name":"acc","higher_is_better":true}]}],"steps":5}`),
		[]byte("{\"step\":1,\"split\":\"train\",\"loss\":{\"a\":1},\"weight\":{\"a\":1}}\n{\"step\":2,\"split\":\"validation\",\"loss\":{\"a\":null},\"metric\":{\"a\":{\"acc\":0.5}}}\n"))
	f.Add([]byte(`{"tasks":[{"name":""},{"name":""}],"quantities":[{"name":"q","rows":["r"],"columns":[]}]}`), []byte("{\"step\":-1,\"split\":\"\",\"loss\":{\"a\":-1e30},\"values\":{\"q\":[1,2]}}\n"))
	f.Fuzz(func(t *testing.T, run, records []byte) {
		for i, data := range [][]byte{run, records} {
			if err := os.WriteFile(paths[i], data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if h, err := history.Load(dir); err == nil {
			_, _ = report.Write(h, filepath.Join(dir, "plots"))
		}
	})
}

// Whatever figures a study holds, its page is drawn or refused.
func FuzzWriteStudy(f *testing.F) {
	for _, s := range []*study.Study{exampleStudy(), {}, {Tasks: []history.Task{{Name: "a"}}, Objectives: []study.Objective{{Task: "b"}}}} {
		data, err := json.Marshal(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, []byte(`[{"setting":{"weights":{"cls":1,"depth":3},"seed":1},"state":"done","metric":{"cls":{"accuracy":0.5},"depth":{"RMSE":0.2}}}]`))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, plan, trials []byte) {
		var s study.Study
		var tried []*study.Trial
		if json.Unmarshal(plan, &s) != nil || json.Unmarshal(trials, &tried) != nil {
			return
		}
		for _, trial := range tried {
			if trial != nil {
				s.Put(trial)
			}
		}
		_, _ = report.WriteStudy(&s, dir)
	})
}
