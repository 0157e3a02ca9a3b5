package plotting

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// spotted is a figure of a point and a line that say something under the mouse.
func spotted() *Figure {
	return &Figure{width: 72, height: 144, text: "spots.", paint: func(c draw.Canvas) {
		hover(c, 3, "a < b\nsecond line", vg.Point{X: 36, Y: 108})
		hover(c, 1.5, "line", vg.Point{X: 12, Y: 24}, vg.Point{X: 48, Y: 24})
		hover(c, 9, "", vg.Point{X: 1, Y: 1}) // says nothing: is nothing
	}}
}

func TestHoverInSVG(t *testing.T) {
	var svg bytes.Buffer
	if err := spotted().WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	var document struct {
		Group struct {
			Transform string `xml:"transform,attr"`
			Circles   []struct {
				X     float64 `xml:"cx,attr"`
				Y     float64 `xml:"cy,attr"`
				Title string  `xml:"title"`
			} `xml:"circle"`
			Paths []struct {
				D     string `xml:"d,attr"`
				Title string `xml:"title"`
			} `xml:"path"`
		} `xml:"g"`
	}
	if err := xml.Unmarshal(svg.Bytes(), &document); err != nil {
		t.Fatalf("%v in %s", err, svg.String())
	}
	g := document.Group
	if !strings.Contains(g.Transform, "scale(1, -1)") {
		t.Errorf("the spots are not in gonum's group: %q", g.Transform)
	}
	if len(g.Circles) != 1 || g.Circles[0].X != 36 || g.Circles[0].Y != 108 || g.Circles[0].Title != "a < b\nsecond line" {
		t.Errorf("the circles are %+v", g.Circles)
	}
	if last := g.Paths[len(g.Paths)-1]; last.D != "M12,24L48,24" || last.Title != "line" {
		t.Errorf("the last path is %+v", last)
	}
}

func TestHoverInHTML(t *testing.T) {
	var page bytes.Buffer
	if err := spotted().WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	// 72 points are 96 pixels, and pages count from the top.
	for _, want := range []string{
		`<area shape="circle" coords="48,48,4" title="a &lt; b`, `<area shape="poly" coords="16,158,64,158,64,162,16,162" title="line"`,
		`usemap="#spots-`, `<map name="spots-`, `max-width:none`,
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %q: %s", want, page.String())
		}
	}
	if strings.Index(page.String(), `title="line"`) > strings.Index(page.String(), `title="a`) {
		t.Error("what is drawn last is not the first area")
	}
	if !spotted().Hovers() || (&Figure{width: 1, height: 1, paint: func(draw.Canvas) {}}).Hovers() {
		t.Error("Hovers is wrong")
	}
}

// A name with control characters leaves the SVG a document that can be read.
func TestNamesInSVG(t *testing.T) {
	name := "a\x1b]0;\a<b>\r\x00\u202e&\xff"
	h := &history.History{Run: history.Run{Name: name, Tasks: []history.Task{{Name: name}}}}
	h.Records = append(h.Records, history.Record{Step: 1, Split: history.Train, Loss: map[string]float64{name: 1}})
	s := &study.Study{Name: name, Tasks: h.Run.Tasks, Objectives: study.Objectives(h.Run.Tasks), Split: history.Train}
	s.Put(&study.Trial{
		Setting: study.Setting{Weights: map[string]float64{name: 2}, Seed: 1}, State: study.Done,
		Loss: map[string]float64{name: 1}, History: h,
	})
	for _, f := range []*Figure{Losses{}.Figure(h), SweepLosses{Split: history.Train}.Figure(s)} {
		var svg bytes.Buffer
		if err := f.WriteSVG(&svg); err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(svg.Bytes(), "\x1b\a\x00\r") {
			t.Error("the SVG has control characters")
		}
		for decoder := xml.NewDecoder(&svg); ; {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}
