package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	for _, c := range []struct {
		search search
		want   []string // keys, with the seed where there are several
	}{
		{search{}, []string{"default"}},
		{search{weights: []string{"a=1..16x3"}}, []string{"a=1", "a=4", "a=16"}},
		{search{weights: []string{"a=lin:0..1x3"}}, []string{"a=0", "a=0.5", "a=1"}},
		{search{weights: []string{"a=5,1..100x2,lin:7..7x1"}}, []string{"a=5", "a=1", "a=100", "a=7"}},
		{search{weights: []string{"a=1,2", "b=3,4"}}, []string{"a=1,b=3", "a=1,b=4", "a=2,b=3", "a=2,b=4"}},
		{search{weights: []string{"a=1"}, settings: []string{"b=8", "a=2,b=0.5"}}, []string{"a=1", "b=8", "a=2,b=0.5"}},
		{search{weights: []string{"simplex:4"}}, []string{"a=0.5,b=1.5", "a=1,b=1", "a=1.5,b=0.5"}},
		{search{values: []string{"learning_rate=1e-4..1e-2x3"}}, []string{"learning_rate=0.0001", "learning_rate=0.001", "learning_rate=0.01"}},
		{search{values: []string{"learning_rate=1e-4..1e-2"}, sobol: 3}, []string{"learning_rate=0.001", "learning_rate=0.00316228", "learning_rate=0.000316228"}},
		{search{values: []string{"learning_rate=lin:0..8", "b=lin:0..1", "c=5"}, sobol: 1}, []string{"b=0.5,c=5,learning_rate=4"}},
		{search{seeds: "4, 2"}, []string{"default seed 4", "default seed 2"}},
		{search{weights: []string{"b=1,2"}, seeds: "1,2"}, []string{"b=1 seed 1", "b=1 seed 2", "b=2 seed 1", "b=2 seed 2"}},
		{search{methods: "uncertainty, Fixed"}, []string{"Uncertainty", "a=1,b=1"}},
		{search{methods: "Fixed", set: []string{"Fixed.b=3"}}, []string{"a=1,b=3"}},
		{
			search{methods: "Fixed,CAGrad,MGDA", weights: []string{"a=2,3"}, values: []string{"cagrad/c=0.1,0.4", "learning_rate=0.01"}},
			[]string{"a=2,learning_rate=0.01", "a=3,learning_rate=0.01",
				"CAGrad,cagrad.c=0.1,learning_rate=0.01", "CAGrad,cagrad.c=0.4,learning_rate=0.01", "MGDA,learning_rate=0.01"},
		},
		{
			search{methods: "Fixed,UPGrad,MGDA,STCH", set: []string{"Fixed.b=5"}, weights: []string{"a=2"}, preferences: []string{"simplex:3"}},
			[]string{"a=2,b=5", "UPGrad,a=0.666667,b=1.33333", "UPGrad,a=1.33333,b=0.666667", "MGDA", "STCH,a=0.666667,b=1.33333", "STCH,a=1.33333,b=0.666667"},
		},
		{search{methods: "NashMTL", set: []string{"NashMTL.MaxNorm=2"}, values: []string{"nash_mtl/max_norm=1,3"}},
			[]string{"NashMTL{MaxNorm:2},nash_mtl.max_norm=1", "NashMTL{MaxNorm:2},nash_mtl.max_norm=3"}},
		{search{methods: "MGDA,FairGrad", values: []string{"learning_rate=lin:0..2", "fairgrad/alpha=lin:0..4"}, sobol: 1},
			[]string{"MGDA,learning_rate=1", "FairGrad,fairgrad.alpha=2,learning_rate=1"}},
	} {
		if c.search.seeds == "" {
			c.search.seeds = "1"
		}
		settings, err := c.search.expand([]string{"a", "b"})
		if err != nil {
			t.Errorf("%+v: %v", c.search, err)
			continue
		}
		var got []string
		for _, s := range settings {
			key := s.Key()
			if strings.Contains(c.search.seeds, ",") {
				key += fmt.Sprintf(" seed %d", s.Seed)
			}
			got = append(got, key)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v is\n%q\nwanted\n%q", c.search, got, c.want)
		}
	}
}

// Draws have their count, and depend on the seed alone.
func TestSearchDraws(t *testing.T) {
	for _, s := range []search{
		{weights: []string{"dirichlet:0.5x7"}},
		{values: []string{"learning_rate=1e-4..1e-2"}, random: 7},
	} {
		var keys [3]string
		for i, seed := range []uint64{1, 1, 2} {
			s.seeds, s.seed = "1", seed
			settings, err := s.expand([]string{"a", "b"})
			if err != nil || len(settings) != 7 {
				t.Fatalf("%+v: %d settings, %v", s, len(settings), err)
			}
			for _, one := range settings {
				keys[i] += one.Key() + " "
			}
		}
		if keys[0] != keys[1] || keys[0] == keys[2] {
			t.Errorf("%+v: %q", s, keys)
		}
	}
}

func TestSearchErrors(t *testing.T) {
	for _, c := range []struct {
		search search
		want   string
	}{
		{search{weights: []string{"a"}}, "-weights a: want TASK=NUMBERS such as seg=1..1024x6, simplex:PARTS"},
		{search{weights: []string{"a=b"}}, `"b": want numbers such as 1,4,16`},
		{search{weights: []string{"a=1,,2"}}, `"": want numbers`},
		{search{weights: []string{"a=1..2"}}, "lacks its count"},
		{search{weights: []string{"a=1..2x0"}}, `count "0": want a number from 1 to 10000`},
		{search{weights: []string{"a=1..2x99999999999"}}, "want a number from 1 to"},
		{search{weights: []string{"a=1..2x3x4"}}, `count "3x4"`},
		{search{weights: []string{"a=0..2x3"}}, "want lin:0..2x3"},
		{search{weights: []string{"a=lin:3"}}, "want numbers"},
		{search{weights: []string{"a=1..x3"}}, "want numbers"},
		{search{weights: []string{"simplex:1"}}, "each of the 2 tasks, such as simplex:8"},
		{search{weights: []string{"simplex:999999999999"}}, "more than 10000 trials"},
		{search{weights: []string{"dirichlet:20"}}, "such as dirichlet:1x20"},
		{search{weights: []string{"dirichlet:0x20"}}, "above 0"},
		{search{weights: []string{"a=1..2x200", "b=1..2x200"}}, "more than 10000 trials"},
		{search{weights: []string{"a=1..2x5000"}, seeds: "1,2,3"}, "more than 10000 trials"},
		{search{settings: []string{"a"}}, "-setting a: want TASK=WEIGHT,... such as cls=1,seg=64"},
		{search{settings: []string{"a=1 b=2"}}, "want TASK=WEIGHT"},
		{search{methods: "MDGA"}, `no method "MDGA": want one of`},
		{search{methods: "MGDA", set: []string{"c=1"}}, "METHOD.FIELD=VALUE"},
		{search{set: []string{"CAGrad.c=1"}}, "-set CAGrad.c=1: want -methods too"},
		{search{methods: "MGDA,Uncertainty", weights: []string{"a=1,2"}}, "or -preferences for methods that have one"},
		{search{methods: "MGDA,Fixed", preferences: []string{"simplex:3"}}, "-preferences simplex:3: want a method that has a preference"},
		{search{methods: "UPGrad", preferences: []string{"a"}}, "-preferences a: want TASK=NUMBERS"},
		{search{methods: "MGDA", settings: []string{"a=1"}}, "task weights are for Fixed"},
		{search{values: []string{"1,2"}}, "-values 1,2: want PATH=NUMBERS such as"},
		{search{values: []string{"learning_rate=fast"}}, `-values learning_rate=fast: "fast": want numbers`},
		{search{values: []string{"cagrad/c=1"}}, "-values cagrad/c=1: it is a hyper-parameter of CAGrad: want CAGrad among -methods"},
		{search{methods: "MGDA", values: []string{"nash_mtl/max_norm=1"}}, "want NashMTL among"},
		{search{values: []string{"learning_rate=1..2,3"}}, "1..2 in a list lacks its count"},
		{search{values: []string{"learning_rate=1..2"}}, "or -sobol 16 or -random 16"},
		{search{values: []string{"learning_rate=1..2x3"}, sobol: 4}, "draw from ranges without a count"},
		{search{values: []string{"learning_rate=1..2"}, sobol: 4, random: 4}, "want one of them"},
		{search{values: []string{"learning_rate=1..2"}, sobol: -4}, "want one of them"},
		{search{seeds: "1,x"}, "-seeds 1,x: want whole numbers above 0"},
		{search{seeds: "0"}, "above 0"},
	} {
		if c.search.seeds == "" {
			c.search.seeds = "1"
		}
		if _, err := c.search.expand([]string{"a", "b"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: the error is %v; wanted %q", c.search, err, c.want)
		}
	}
}
