package notebook

import (
	"fmt"
	"html"
	"strings"

	"github.com/gomtl/gomtl/plotting"
	"github.com/gomtl/gomtl/plotting/internal/progress"
)

// The text takes the colour of the page, light or dark.

func liveHTML(s *progress.State) string {
	if !s.Begun {
		return `<div style="margin:0.3em 0">waiting for the first step: the program is compiled once</div>`
	}
	return fmt.Sprintf(`<div style="margin:0.3em 0"><progress value="%d" max="%d" style="width:14em;vertical-align:middle"></progress> %s</div>`,
		s.Step, max(s.Steps, 1), s.Line()) + lossesHTML(s)
}

// lossesHTML has each task's colour, name and newest training loss.
func lossesHTML(s *progress.State) string {
	var out strings.Builder
	out.WriteString(`<div style="margin:0.3em 0">`)
	for i, task := range s.Run.Tasks {
		if loss, ok := s.Train[task.Name]; ok {
			c := plotting.TaskColor(i)
			fmt.Fprintf(&out, `<span style="white-space:nowrap;margin-right:1.2em"><span style="color:#%02x%02x%02x">■</span> %s <b>%.4g</b></span> `,
				c.R, c.G, c.B, html.EscapeString(task.Name), loss)
		}
	}
	out.WriteString("</div>")
	return out.String()
}

func finalHTML(s *progress.State, err error) string {
	return endHTML(s.Summary(err), err) + lossesHTML(s)
}
