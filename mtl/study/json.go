package study

import (
	"encoding/json"
	"io"
	"math"
)

// WriteJSON writes everything that is known, for other programs: the study, its baselines and trials, each setting over its seeds, front, hypervolume and
// choice. A number that is not finite is null.
func (s *Study) WriteJSON(w io.Writer) error {
	groups := s.Groups()
	out := results{Study: s, Trials: s.Trials, Baselines: s.Baselines, Settings: make([]settingResult, len(groups))}
	for i, g := range groups {
		r := &out.Settings[i]
		r.Label, r.Seeds = g.Setting.Label(), len(g.Judged())
		r.Setting = g.Setting
		r.Objectives = make([]intervalResult, len(g.Values))
		for k, v := range g.Values {
			r.Objectives[k] = resultOf(v)
		}
		r.TaskMean, r.MetricMean = resultOf(g.TaskMean), resultOf(g.MetricMean)
	}
	for _, i := range s.Front(groups) {
		out.Settings[i].Front = true
	}
	if i := s.bend(groups); i >= 0 {
		out.Settings[i].Knee = true
	}
	volume, reference, _ := s.Hypervolume(groups) // NaN where it has none
	out.Hypervolume = finite(volume)
	for _, v := range reference {
		out.Reference = append(out.Reference, finite(v))
	}
	if c := s.Choose(); c != nil {
		out.Choice = &choiceResult{Label: c.Group.Setting.Label(), Rule: c.Rule, Reason: c.Reason}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

type results struct {
	*Study
	Reference   []*float64      `json:"hypervolume_reference"`
	Hypervolume *float64        `json:"hypervolume"`
	Choice      *choiceResult   `json:"choice"`
	Settings    []settingResult `json:"settings"`
	Baselines   []*Trial        `json:"baselines"`
	Trials      []*Trial        `json:"trials"`
}

type settingResult struct {
	Label      string           `json:"label"`
	Setting    Setting          `json:"setting"`
	Seeds      int              `json:"seeds"`
	Objectives []intervalResult `json:"objectives"`
	TaskMean   intervalResult   `json:"delta_task_mean"`
	MetricMean intervalResult   `json:"delta_metric_mean"`
	Front      bool             `json:"pareto_front"`
	Knee       bool             `json:"knee"`
}

type intervalResult struct {
	Mean *float64 `json:"mean"`
	Half *float64 `json:"half"`
}

type choiceResult struct {
	Label  string `json:"label"`
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

func resultOf(i Interval) intervalResult { return intervalResult{finite(i.Mean), finite(i.Half)} }

// finite is a number that JSON has, or nil.
func finite(v float64) *float64 {
	if !isFinite(v) {
		return nil
	}
	return &v
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// MarshalJSON leaves out figures that are not finite: JSON has no NaN, and a missing figure is read as NaN.
func (t *Trial) MarshalJSON() ([]byte, error) {
	type plain Trial
	clean := plain(*t)
	clean.Loss, clean.Weight = finiteOnly(t.Loss), finiteOnly(t.Weight)
	clean.Metric = nil
	for task, metrics := range t.Metric {
		if clean.Metric == nil {
			clean.Metric = map[string]map[string]float64{}
		}
		clean.Metric[task] = finiteOnly(metrics)
	}
	return json.Marshal(clean)
}

func finiteOnly(values map[string]float64) map[string]float64 {
	var kept map[string]float64
	for name, v := range values {
		if finite(v) == nil {
			continue
		}
		if kept == nil {
			kept = map[string]float64{}
		}
		kept[name] = v
	}
	return kept
}
