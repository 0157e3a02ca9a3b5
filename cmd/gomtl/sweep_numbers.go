package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gomtl/gomtl/mtl/sweep"
	"github.com/urfave/cli/v3"
)

// mostSettings is the number of settings that a sweep of the command line may have: a slip of the pen makes billions.
const mostSettings = 10_000

// numbersHelp is the grammar of lists and ranges of numbers.
const numbersHelp = "numbers such as 1,4,16, or a range FROM..TOxCOUNT such as 1..1024x6, each number the same multiple of the one before, or lin:0..1x5, the same distance apart"

// readNumbers reads a list of numbers and ranges. A range without a count is one to draw from: it stands alone.
func readNumbers(text string) (values []float64, draw *sweep.Range, err error) {
	for part := range strings.SplitSeq(text, ",") {
		r, count, err := readRange(part)
		switch {
		case err != nil:
			return nil, nil, err
		case count > 0:
			values = append(values, r.Spread(count)...)
		case part != text:
			return nil, nil, fmt.Errorf("%s in a list lacks its count: want %s", part, numbersHelp)
		default:
			return nil, &r, nil
		}
	}
	return values, nil, nil
}

// readRange reads one number, as a range of one, or a range; a count of 0 means that there is none.
func readRange(part string) (r sweep.Range, count int, err error) {
	wanted := fmt.Errorf("%q: want %s", part, numbersHelp)
	ends, linear := strings.CutPrefix(strings.TrimSpace(part), "lin:")
	from, to, isRange := strings.Cut(ends, "..")
	if r.From, err = readFinite(from); err != nil || linear && !isRange {
		return r, 0, wanted
	}
	if !isRange {
		return r, 1, nil
	}
	to, times, counted := strings.Cut(to, "x")
	if r.To, err = readFinite(to); err != nil {
		return r, 0, wanted
	}
	if counted {
		if count, err = strconv.Atoi(times); err != nil || count < 1 || count > mostSettings {
			return r, 0, fmt.Errorf("%q has the count %q: want a number from 1 to %d", part, times, mostSettings)
		}
	}
	if r.Log = !linear; r.Log && !(r.From > 0 && r.To > 0) {
		return r, 0, fmt.Errorf("%q has an end that is not above 0, where no multiples lead: want lin:%s, or other ends", part, ends)
	}
	return r, count, nil
}

// readFinite reads a number that is neither infinite nor NaN.
func readFinite(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
		err = fmt.Errorf("%q is not finite", text)
	}
	return v, err
}

// checkSweepNumbers finds numbers that would mean a default, or nothing, where they were given.
func checkSweepNumbers(c *cli.Command) error {
	return errors.Join(checkCounts(c, "steps", "batch", "sobol", "random", "adaptive", "workers"), checkRate(c))
}
