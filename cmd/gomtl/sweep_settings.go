package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/sweep"
	"github.com/gomtl/gomtl/mtl/weighting"
	"gonum.org/v1/gonum/stat/combin"
)

// search is what the flags say about what a sweep tries.
type search struct {
	weights, settings []string // lists of task weights, which are combined, and single ones beside them
	preferences       []string // lists of weights, for methods that have a preference
	methods           string
	set               []string // fields of methods
	values            []string // of hyper-parameters
	sobol, random     int
	seeds             string
	seed              uint64 // of what is drawn
}

// tried is a method with the name of its type.
type tried struct {
	name      string
	weighting mtl.Weighting
}

const (
	weightsHelp = "TASK=NUMBERS such as seg=1..1024x6, simplex:PARTS such as simplex:8, or dirichlet:ALPHAxCOUNT such as dirichlet:1x20"
	settingHelp = "TASK=WEIGHT,... such as cls=1,seg=64"
	valuesHelp  = "PATH=NUMBERS such as learning_rate=1e-4..1e-2x5 or cagrad/c=0.1,0.4,0.8"
)

// expand makes the settings: each method with its weights or preferences, with its values, with the seeds.
func (s search) expand(tasks []string) ([]sweep.Setting, error) {
	weights, err := combined("weights", s.weights, tasks, s.seed)
	if err != nil {
		return nil, err
	}
	for _, text := range s.settings {
		setting, err := readSetting(text)
		if err != nil {
			return nil, fmt.Errorf("-setting %s: %w", text, err)
		}
		weights = append(weights, setting)
	}
	preferences, err := combined("preferences", s.preferences, tasks, s.seed)
	if err != nil {
		return nil, err
	}
	chosen, err := s.chosen()
	if err != nil {
		return nil, err
	}
	values, err := s.hyperparameters(chosen)
	if err != nil {
		return nil, err
	}
	seeds, err := readSeeds(s.seeds)
	if err != nil {
		return nil, err
	}
	isFixed := func(m tried) bool { return m.name == "Fixed" }
	hasPreference := func(m tried) bool { return !isFixed(m) && sweep.TakesWeights(m.weighting) }
	switch {
	case len(weights) > 0 && !slices.ContainsFunc(chosen, isFixed):
		return nil, fmt.Errorf("-methods %s: task weights are for Fixed: want it among them, or -preferences for methods that have one", s.methods)
	case len(preferences) > 0 && !slices.ContainsFunc(chosen, hasPreference):
		return nil, fmt.Errorf("-preferences %s: want a method that has a preference among -methods, such as UPGrad", s.preferences[0])
	case len(weights) == 0 && s.methods != "": // Fixed was asked for by name
		equal := map[string]float64{}
		for _, task := range tasks {
			equal[task] = 1
		}
		weights = sweep.List(equal)
	}
	var all []sweep.Setting
	for _, m := range chosen {
		lists := [][]sweep.Setting{sweep.Methods(m.weighting)}
		switch {
		case isFixed(m) && len(weights) > 0:
			lists = [][]sweep.Setting{weights, lists[0]}
		case hasPreference(m) && len(preferences) > 0:
			lists = append(lists, preferences)
		}
		list, err := product(append(append(lists, values[m.name]...), seeds)...)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// combined are the lists of weights of a flag, each combined with each.
func combined(flag string, texts []string, tasks []string, seed uint64) ([]sweep.Setting, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	var lists [][]sweep.Setting
	for _, text := range texts {
		list, err := readWeights(text, tasks, seed)
		if err != nil {
			return nil, fmt.Errorf("-%s %s: %w", flag, text, err)
		}
		lists = append(lists, list)
	}
	return product(lists...)
}

func readSetting(text string) (sweep.Setting, error) {
	weights := map[string]float64{}
	for part := range strings.SplitSeq(text, ",") {
		task, number, _ := strings.Cut(part, "=")
		weight, err := readFinite(number)
		if err != nil {
			return sweep.Setting{}, fmt.Errorf("want %s", settingHelp)
		}
		weights[task] = weight
	}
	return sweep.List(weights)[0], nil
}

func readWeights(text string, tasks []string, seed uint64) (list []sweep.Setting, err error) {
	if task, numbers, isTask := strings.Cut(text, "="); isTask {
		values, draw, err := readNumbers(numbers)
		if err == nil && draw != nil {
			err = fmt.Errorf("the range lacks its count: want %s", numbersHelp)
		}
		for _, v := range values {
			list = append(list, sweep.List(map[string]float64{task: v})...)
		}
		return list, err
	}
	switch kind, rest, _ := strings.Cut(text, ":"); kind {
	case "simplex":
		parts, err := strconv.Atoi(rest)
		if err != nil || parts < len(tasks) {
			return nil, fmt.Errorf("want a number of parts, at least one for each of the %d tasks, such as simplex:8", len(tasks))
		}
		if combin.GeneralizedBinomial(float64(parts-1), float64(len(tasks)-1)) > mostSettings {
			return nil, errTooMany
		}
		return sweep.SimplexGrid(tasks, parts), nil
	case "dirichlet":
		concentration, times, _ := strings.Cut(rest, "x")
		alpha, err := readFinite(concentration)
		count, errCount := strconv.Atoi(times)
		if err != nil || errCount != nil || !(alpha > 0) || count < 1 || count > mostSettings {
			return nil, fmt.Errorf("want a concentration above 0 and a count up to %d, such as dirichlet:1x20", mostSettings)
		}
		return sweep.Dirichlet(tasks, alpha, count, seed), nil
	}
	return nil, fmt.Errorf("want %s", weightsHelp)
}

// chosen are the methods, in the order of their names in -methods.
func (s search) chosen() (list []tried, err error) {
	if s.methods == "" {
		if len(s.set) > 0 {
			return nil, fmt.Errorf("-set %s: want -methods too", s.set[0])
		}
		return []tried{{"Fixed", weighting.Fixed{}}}, nil
	}
	byName, err := chooseMethods(s.methods, s.set)
	if err != nil {
		return nil, err
	}
	asked, order := strings.Split(s.methods, ","), slices.Sorted(maps.Keys(byName))
	at := func(name string) int {
		return slices.IndexFunc(asked, func(a string) bool { return strings.EqualFold(strings.TrimSpace(a), name) })
	}
	slices.SortStableFunc(order, func(a, b string) int { return at(a) - at(b) })
	for _, name := range order {
		list = append(list, tried{name, byName[name]})
	}
	return list, nil
}

// hyperparameters are lists of values for each method, by its name.
func (s search) hyperparameters(chosen []tried) (map[string][][]sweep.Setting, error) {
	lists, ranges := map[string][][]sweep.Setting{}, map[string][]sweep.Range{}
	for _, text := range s.values {
		path, numbers, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("-values %s: want %s", text, valuesHelp)
		}
		values, draw, err := readNumbers(numbers)
		if err != nil {
			return nil, fmt.Errorf("-values %s: %w", text, err)
		}
		owners, err := ownersOf(path, chosen)
		if err != nil {
			return nil, fmt.Errorf("-values %s: %w", text, err)
		}
		for _, m := range owners {
			if draw != nil {
				draw.Path = path
				ranges[m.name] = append(ranges[m.name], *draw)
			} else {
				lists[m.name] = append(lists[m.name], sweep.Values(path, values...))
			}
		}
	}
	count := max(s.sobol, s.random)
	switch {
	case s.sobol < 0 || s.random < 0 || s.sobol > 0 && s.random > 0 || count > mostSettings:
		return nil, fmt.Errorf("-sobol %d -random %d: want one of them, from 1 to %d", s.sobol, s.random, mostSettings)
	case count > 0 && len(ranges) == 0:
		return nil, errors.New("-sobol and -random draw from ranges without a count: want one, such as -values learning_rate=1e-4..1e-2")
	case count == 0 && len(ranges) > 0:
		return nil, errors.New("-values has a range without a count: want one, such as 1e-4..1e-2x5, or -sobol 16 or -random 16 to draw from the range")
	}
	for name, r := range ranges {
		drawn := sweep.Sobol(s.sobol, r...)
		if s.random > 0 {
			drawn = sweep.Random(s.random, s.seed, r...)
		}
		lists[name] = append(lists[name], drawn)
	}
	return lists, nil
}

// ownersOf are the methods that a hyper-parameter is for: the one that its path begins with, such as "nash_mtl/max_norm", or all.
func ownersOf(path string, chosen []tried) ([]tried, error) {
	first, _, _ := strings.Cut(path, "/")
	owner, _, err := methodNamed(strings.ReplaceAll(first, "_", ""))
	if err != nil {
		return chosen, nil //nolint:nilerr // the path of a layer, or the learning rate
	}
	for _, m := range chosen {
		if m.name == owner {
			return []tried{m}, nil
		}
	}
	return nil, fmt.Errorf("it is a hyper-parameter of %s: want %s among -methods", owner, owner)
}

func readSeeds(text string) ([]sweep.Setting, error) {
	var seeds []int64
	for part := range strings.SplitSeq(text, ",") {
		seed, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil || seed < 1 {
			return nil, fmt.Errorf("-seeds %s: want whole numbers above 0, separated by commas, such as 1,2,3", text)
		}
		seeds = append(seeds, seed)
	}
	return sweep.Seeds(seeds...), nil
}

// errTooMany ends what would make a slip of the pen in a count.
var errTooMany = fmt.Errorf("this makes more than %d trials: leave some out", mostSettings)

// product is sweep.Product of not too many.
func product(lists ...[]sweep.Setting) ([]sweep.Setting, error) {
	size := 1
	for _, list := range lists {
		if size *= len(list); size > mostSettings {
			return nil, errTooMany
		}
	}
	return sweep.Product(lists...), nil
}
