package notebook

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// Logger writes the messages of a run as plain lines on the standard output, where a notebook shows them as text; what goes to the standard
// error looks like a failure there.
func Logger() *slog.Logger { return slog.New(&plainHandler{to: os.Stdout}) }

type plainHandler struct {
	to    io.Writer
	attrs string
}

// Enabled implements slog.Handler.
func (h *plainHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle implements slog.Handler.
func (h *plainHandler) Handle(_ context.Context, r slog.Record) error {
	var line strings.Builder
	if r.Level > slog.LevelInfo {
		line.WriteString(r.Level.String() + " ")
	}
	line.WriteString(r.Message + h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&line, " %s", a)
		return true
	})
	_, err := fmt.Fprintln(h.to, line.String())
	return err
}

// WithAttrs implements slog.Handler.
func (h *plainHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	extended := *h
	for _, a := range attrs {
		extended.attrs += fmt.Sprintf(" %s", a)
	}
	return &extended
}

// WithGroup implements slog.Handler; plain lines have no groups.
func (h *plainHandler) WithGroup(string) slog.Handler { return h }
