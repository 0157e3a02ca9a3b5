package notebook

import (
	"bytes"
	"html"
	"time"

	"github.com/gomtl/gomtl/plotting"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// Show displays a figure in the running cell: as SVG where the page trusts the notebook, as PNG where it does not and on code
// hosts, as words elsewhere. A figure whose data could not be drawn shows its error, which is returned too.
func Show(f *plotting.Figure) error {
	if !gonbui.IsNotebook {
		return f.Err()
	}
	data, err := bundle(f, f.String())
	if err != nil {
		gonbui.DisplayHTML(`<p style="color:#d55e00">` + html.EscapeString(err.Error()) + `</p>`)
		flush()
		return err
	}
	return send(data)
}

// bundle is one display of a figure in three forms; the page chooses. A figure that says more under the mouse is HTML in place of SVG: JupyterLab shows an SVG as an image, in
// which nothing can be pointed at, and HTML with an image map.
func bundle(f *plotting.Figure, text string) (*protocol.DisplayData, error) {
	form, write := protocol.MIMEImageSVG, f.WriteSVG
	if f.Hovers() {
		form, write = protocol.MIMETextHTML, f.WriteHTML
	}
	var vector, png bytes.Buffer
	if err := write(&vector); err != nil {
		return nil, err
	}
	if err := f.WritePNG(&png); err != nil {
		return nil, err
	}
	width, height := f.Pixels()
	return &protocol.DisplayData{
		Data: map[protocol.MIMEType]any{
			form:                   vector.String(),
			protocol.MIMEImagePNG:  png.Bytes(),
			protocol.MIMETextPlain: text,
		},
		// The PNG has more pixels than its size on the page.
		Metadata: map[string]any{string(protocol.MIMEImagePNG): map[string]int{"width": width, "height": height}},
	}, nil
}

// Table displays a table of results, as HTML and as aligned text.
func Table(t plotting.Table) error {
	if !gonbui.IsNotebook {
		return nil
	}
	data, err := tableData(t)
	if err != nil {
		return err
	}
	return send(data)
}

func tableData(t plotting.Table) (*protocol.DisplayData, error) {
	var page bytes.Buffer
	if err := t.WriteHTML(&page); err != nil {
		return nil, err
	}
	return &protocol.DisplayData{Data: map[protocol.MIMEType]any{
		protocol.MIMETextHTML:  page.String(),
		protocol.MIMETextPlain: t.String(),
	}}, nil
}

// send displays data and waits until the kernel has it: a cell's program often ends right after, and on a busy machine the kernel would not
// have read the pipe yet.
func send(data *protocol.DisplayData) error {
	gonbui.SendData(data)
	flush()
	return gonbui.Error()
}

// flush waits until the kernel has taken what was sent, so that a program that ends now loses nothing; not for long, as the kernel
// may be gone.
func flush() {
	done := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
	}
}
