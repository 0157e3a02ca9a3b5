package sweep

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/describe"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// group is the trials that share a graph, and its programs, compiled when the first of them begins.
type group struct {
	compile func() (*mtl.Compiled, error)
	once    sync.Once
	program *mtl.Compiled
	err     error
}

func (g *group) compiled() (*mtl.Compiled, error) {
	g.once.Do(func() { g.program, g.err = g.compile() })
	return g.program, g.err
}

func (g *group) close() error {
	if g.program == nil {
		return nil
	}
	return g.program.Close()
}

// group finds the programs of a trial.
func (s *sweep) group(t *study.Trial) *group {
	s.grouping.Lock()
	defer s.grouping.Unlock()
	key := "method " + t.Method
	if t.Method != "" && len(t.Weights) > 0 {
		key += " with preference"
	}
	if t.Method == "" && (len(t.Weights) > 0 || s.options.Fit.Weighting == nil) {
		key = "fixed"
	}
	if t.Alone != "" {
		key = "alone " + t.Alone
	}
	g := s.groups[key]
	if g == nil {
		g = &group{compile: func() (*mtl.Compiled, error) { return s.compile(t, key == "fixed") }}
		s.groups[key] = g
	}
	return g
}

// compile compiles the programs that a trial needs.
func (s *sweep) compile(t *study.Trial, fixed bool) (*mtl.Compiled, error) {
	options, m, data := s.options.Fit, s.model, s.data
	var err error
	switch {
	case t.Alone != "":
		if m, err = m.Only(t.Alone); err != nil {
			return nil, err
		}
		data.Train = data.Train.Only(t.Alone)
		if data.Validation != nil {
			data.Validation = data.Validation.Only(t.Alone)
		}
		options.Weighting = nil
		options.Monitor = mtl.Monitor{} // it may be of another task
	case fixed:
		options.Weighting = weighting.Fixed{}
	case t.Method != "":
		options.Weighting = s.method(t.Method)
		if len(t.Weights) > 0 {
			if options.Weighting, err = withPreference(options.Weighting, len(m.Tasks)); err != nil {
				return nil, err
			}
		}
	}
	c, err := mtl.Compile(m, data, options)
	if err != nil {
		return nil, err
	}
	s.watch.compiled(t.Alone != "")
	return c, nil
}

// method is the weighting of that name among the settings'.
func (s *sweep) method(name string) mtl.Weighting {
	for _, setting := range s.options.Settings {
		if setting.withSeed().Method == name {
			return setting.Weighting
		}
	}
	return nil // Compile trains it with equal weights; plan keeps trials of unknown methods out
}

// TakesWeights tells whether Weights mean something to a method: to weighting.Fixed and to those that have a preference.
func TakesWeights(w mtl.Weighting) bool {
	_, fixed := w.(weighting.Fixed)
	_, err := withPreference(w, 1)
	return fixed || err == nil
}

// withPreference is the method with a preference, of equal parts for now, so that it becomes a hyper-parameter.
func withPreference(w mtl.Weighting, tasks int) (mtl.Weighting, error) {
	changed := reflect.New(reflect.TypeOf(w)).Elem()
	changed.Set(reflect.ValueOf(w))
	if changed.Kind() == reflect.Struct {
		if field := changed.FieldByName("Preference"); field.IsValid() && field.Type() == reflect.TypeFor[[]float64]() {
			equal := make([]float64, tasks)
			for i := range equal {
				equal[i] = 1 / float64(tasks)
			}
			field.Set(reflect.ValueOf(equal))
			return changed.Interface().(mtl.Weighting), nil
		}
	}
	return nil, fmt.Errorf("sweep: method %s has no field Preference, so it takes no Weights: leave them out, or set one of its hyper-parameters by Values", describe.Value(w))
}

// inputs are the hyper-parameters that a trial sets, by path, and its learning rate, 0 for that of all.
func (s *sweep) inputs(t *study.Trial, c *mtl.Compiled) (values map[string][]float64, rate float64, err error) {
	values = map[string][]float64{}
	for path, v := range t.Values {
		if path == study.LearningRate {
			rate = v[0]
			continue
		}
		values[path] = v
	}
	if len(t.Weights) == 0 {
		return values, rate, nil
	}
	weights, sum := make([]float64, len(s.model.Tasks)), 0.0
	for i, task := range s.model.Tasks {
		w, named := t.Weights[task.Name]
		if !named {
			w = 1
		}
		weights[i] = w
		sum += w
	}
	if t.Method == "" {
		values["fixed/weights"] = weights
		return values, rate, nil
	}
	for _, path := range c.Hyperparameters() {
		if strings.HasSuffix(path, "/preference") {
			for i := range weights {
				weights[i] /= sum
			}
			values[path] = weights
			return values, rate, nil
		}
	}
	return nil, 0, fmt.Errorf("sweep: method %s has no preference for the weights %v: it has the hyper-parameters %q", t.Method, t.Weights, c.Hyperparameters())
}
