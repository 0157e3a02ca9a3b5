package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/internal/weigh"
	"github.com/gomtl/gomtl/mtl"
	"github.com/urfave/cli/v3"
)

// conflictCosine is the cosine with a task's gradient below which a direction conflicts with the task. UPGrad and DualProj, whose
// regularisation lets them cross the line by a little, stay above.
const conflictCosine = -1e-3

func weighCommand() *cli.Command {
	return &cli.Command{
		Name:  "weigh",
		Usage: "tell what each method would do with given task gradients",
		Description: "Reads a step in JSON, or a list of steps for methods with memory:\n\n" +
			`    {"jacobian": [[-4, 1, 1], [6, 1, 1]], "losses": [1, 2], "steps": 3}` + "\n\n" +
			"jacobian has a task's gradient a row. Optional: losses (all 1), active (which tasks have labels), after (the losses after the update, for FAMO),\n" +
			"parts (the Jacobians of parts of the batch, for MoDo and SDMGrad), steps (how often the step is taken). The answer is that of the last step.\n\n" +
			"Examples:\n\n    gomtl weigh -in gradients.json\n    gomtl weigh -in - -methods MGDA,CAGrad -set CAGrad.c=0.5 -json < gradients.json",
		DisableSliceFlagSeparator: true, // a setting may hold commas
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "in", Usage: "file with the gradients; - for standard input", Required: true},
			&cli.StringFlag{Name: "methods", Usage: "methods, separated by commas, or all: " + names(methods), Value: "all"},
			&cli.StringSliceFlag{Name: "set", Usage: "a setting of a method, such as CAGrad.c=0.5; may be given more than once"},
			&cli.StringFlag{Name: "dtype", Usage: "float32 or float64; gradients whose squares overflow or vanish in it are refused", Value: "float64"},
			&cli.Int64Flag{Name: "seed", Usage: "fixes the random numbers of methods that draw some; not 0", Value: 1},
			&cli.BoolFlag{Name: "json", Usage: "answer in JSON"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if err := checkSeed(c); err != nil {
				return err
			}
			states, err := readStates(c.String("in"))
			if err != nil {
				return err
			}
			chosen, err := chooseMethods(c.String("methods"), c.StringSlice("set"))
			if err != nil {
				return err
			}
			dtype, found := map[string]dtypes.DType{"float32": dtypes.Float32, "float64": dtypes.Float64}[c.String("dtype")]
			if !found {
				return fmt.Errorf("there is no dtype %q here: want float32 or float64", c.String("dtype"))
			}
			if err := checkRange(states, dtype); err != nil {
				return fmt.Errorf("%s: %w", c.String("in"), err)
			}
			b, err := backend.Go()
			if err != nil {
				return err
			}
			answers := map[string]*answer{}
			waiting := &patient{to: c.Root().ErrWriter, all: len(chosen)}
			defer waiting.begin()()
			for _, name := range slices.Sorted(maps.Keys(chosen)) {
				waiting.at(name)
				if answers[name], err = ask(ctx, b, name, chosen[name], dtype, c.Int64("seed"), states); err != nil {
					return err
				}
			}
			if c.Bool("json") {
				return json.NewEncoder(c.Root().Writer).Encode(map[string]any{"methods": answers})
			}
			_, err = io.WriteString(c.Root().Writer, table(answers))
			return err
		},
	}
}

// steps is a state of the input, taken a number of times.
type steps struct {
	weigh.State
	Steps int
}

// readStates reads one state or a list of them.
func readStates(path string) ([]steps, error) {
	var data []byte
	var err error
	if path == "-" {
		path = "standard input"
		data, err = io.ReadAll(os.Stdin)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	text := bytes.TrimSpace(data)
	if !bytes.HasPrefix(text, []byte("[")) {
		text = slices.Concat([]byte("["), text, []byte("]"))
	}
	if err := refuseNull(data); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var states []steps
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&states); err != nil {
		return nil, fmt.Errorf("%s: %w%s", path, err, lineOf(data, text, err))
	}
	if decoder.More() {
		return nil, fmt.Errorf("%s: there is text after the end of the list", path)
	}
	for i := range states {
		s := &states[i]
		if err := s.Check(); err != nil {
			return nil, fmt.Errorf("%s: state %d: %w", path, i+1, err)
		}
		if len(s.Jacobian) != len(states[0].Jacobian) || len(s.Jacobian[0]) != len(states[0].Jacobian[0]) || len(s.Parts) != len(states[0].Parts) {
			return nil, fmt.Errorf("%s: state %d has a Jacobian of %d×%d with %d parts; the first one has %d×%d with %d", path, i+1,
				len(s.Jacobian), len(s.Jacobian[0]), len(s.Parts), len(states[0].Jacobian), len(states[0].Jacobian[0]), len(states[0].Parts))
		}
		if s.Steps < 0 {
			return nil, fmt.Errorf("%s: state %d has the steps %d; want 1 or more", path, i+1, s.Steps)
		}
		s.Steps = max(s.Steps, 1)
	}
	if len(states) == 0 {
		return nil, fmt.Errorf(`%s: there is no state; want {"jacobian": [[...], ...]} or a list of such`, path)
	}
	return states, nil
}

// refuseNull finds a null, which encoding/json would read as 0.
func refuseNull(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil //nolint:nilerr // the end, or a mistake that the reader of the states explains
		}
		if token == nil {
			return fmt.Errorf("null (line %d): want a number", 1+bytes.Count(data[:decoder.InputOffset()], []byte("\n")))
		}
	}
}

// lineOf tells the line of a syntax error; text is data, perhaps with a bracket before it.
func lineOf(data, text []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var offset int64
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	default:
		return ""
	}
	end := min(max(offset, 0), int64(len(text)))
	leading := bytes.Count(data[:len(data)-len(bytes.TrimLeft(data, " \t\r\n"))], []byte("\n"))
	return fmt.Sprintf(" (line %d)", 1+leading+bytes.Count(text[:end], []byte("\n")))
}

// chooseMethods returns the methods of a list of names with their settings.
func chooseMethods(list string, settings []string) (map[string]mtl.Weighting, error) {
	chosen := map[string]mtl.Weighting{}
	if list == "all" {
		maps.Copy(chosen, methods)
	} else {
		for name := range strings.SplitSeq(list, ",") {
			known, m, err := methodNamed(strings.TrimSpace(name))
			if err != nil {
				return nil, err
			}
			chosen[known] = m
		}
	}
	for _, setting := range settings {
		key, value, isSet := strings.Cut(setting, "=")
		name, field, isField := strings.Cut(key, ".")
		if !isSet || !isField {
			return nil, fmt.Errorf("-set %s: want METHOD.FIELD=VALUE, such as CAGrad.c=0.5", setting)
		}
		known, _, err := methodNamed(name)
		if err != nil {
			return nil, fmt.Errorf("-set %s: %w", setting, err)
		}
		m, isChosen := chosen[known]
		if !isChosen {
			return nil, fmt.Errorf("-set %s: %s is not among the methods asked for", setting, known)
		}
		if chosen[known], err = configured(known, m, field, value); err != nil {
			return nil, fmt.Errorf("-set %s: %w", setting, err)
		}
	}
	return chosen, nil
}

// answer is what a method makes of the last state, or why it does not.
type answer struct {
	// Weights and Direction are the task weights and the combined gradient, Heads the factors of the heads' gradients.
	Weights   []float64 `json:"weights,omitempty"`
	Direction []float64 `json:"direction,omitempty"`
	Heads     []float64 `json:"heads,omitempty"`
	// Conflicts tells whether the direction makes the loss of some task larger; With are these tasks, from 0.
	Conflicts bool  `json:"conflicts"`
	With      []int `json:"conflicts_with,omitempty"`
	// Iterations and Residual are the solver's, if the method has one.
	Iterations *float64 `json:"iterations,omitempty"`
	Residual   *float64 `json:"residual,omitempty"`
	// Error says why there is no answer.
	Error string `json:"error,omitempty"`
}

// ask runs a method over all states.
func ask(ctx context.Context, b compute.Backend, name string, m mtl.Weighting, dtype dtypes.DType, seed int64, states []steps) (*answer, error) {
	session, err := weigh.NewSession(b, m, dtype, seed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var result *weigh.Result
	for _, state := range states {
		for range state.Steps {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if result, err = session.Step(state.State); errors.Is(err, mtl.ErrNeedsModel) {
				return &answer{Error: mtl.ErrNeedsModel.Error()}, nil
			} else if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for _, x := range slices.Concat(result.Weights, result.Direction, result.Heads) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return &answer{Error: fmt.Sprintf("the numbers are too large: weights %v, combined gradient %v", result.Weights, result.Direction)}, nil
		}
	}
	a := &answer{Weights: result.Weights, Direction: result.Direction, Heads: result.Heads}
	last := states[len(states)-1]
	for t, row := range last.Jacobian {
		if (last.Active == nil || last.Active[t]) && cosine(row, result.Direction) < conflictCosine {
			a.With = append(a.With, t)
		}
	}
	a.Conflicts = len(a.With) > 0
	for report, to := range map[string]**float64{"iterations": &a.Iterations, "residual": &a.Residual} {
		if value, reported := result.Reports[report]; reported {
			*to = &value
		}
	}
	return a, nil
}

// cosine is 0 where a vector is.
func cosine(a, b []float64) float64 {
	// By the largest entries first, since squares of large numbers overflow.
	largest := func(v []float64) (m float64) {
		for _, x := range v {
			m = max(m, math.Abs(x))
		}
		return m
	}
	sizeA, sizeB := largest(a), largest(b)
	if sizeA == 0 || sizeB == 0 {
		return 0
	}
	var dot, squareA, squareB float64
	for i := range a {
		x, y := a[i]/sizeA, b[i]/sizeB
		dot, squareA, squareB = dot+x*y, squareA+x*x, squareB+y*y
	}
	return dot / math.Sqrt(squareA*squareB)
}
