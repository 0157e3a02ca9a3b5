package voc

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Options says how files are read.
type Options struct {
	// MaxBytes is the most bytes of an XML file or of a line of a list; 0 means 4 MiB.
	MaxBytes int
	// MaxPixels is the most pixels of a mask; 0 means 2^26.
	MaxPixels int
}

func (o Options) maxBytes() int64 {
	if o.MaxBytes <= 0 {
		return 4 << 20
	}
	return int64(o.MaxBytes)
}

// Annotation is what an XML file says of a picture.
type Annotation struct {
	// Name is the name of the XML file without ".xml"; empty from Read.
	Name string
	// FileName is the picture's name by the file.
	FileName string
	// Width, Height and Depth (channels) are 0 where the file does not say.
	Width, Height, Depth int
	Segmented            bool
	Objects              []Object
}

// Object is an object of a picture.
type Object struct {
	Name, Pose                     string
	Truncated, Difficult, Occluded bool
	Box                            Box
	Parts                          []Part
	// Actions says which of VOC's actions a person does; nil without them.
	Actions map[string]bool
}

// Part is a part of a person, such as a head.
type Part struct {
	Name string
	Box  Box
}

// Box is a rectangle, its first and last pixel as they stand in the file.
type Box struct{ XMin, YMin, XMax, YMax float64 }

// Empty says whether the box has no width or no height.
func (b Box) Empty() bool { return b.XMax <= b.XMin || b.YMax <= b.YMin }

// Read reads one XML file.
func Read(r io.Reader, o Options) (Annotation, error) {
	a, err := read(r, o)
	if err != nil {
		return Annotation{}, fmt.Errorf("voc: %w", err)
	}
	return a, nil
}

// errTooLong is the error of a file with too many bytes.
var errTooLong = errors.New("the file has more bytes than are allowed (Options.MaxBytes)")

// limited is a reader that fails after n bytes.
type limited struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.n <= 0 {
		return 0, errTooLong
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.n)])
	l.n -= int64(n)
	return n, err
}

func read(r io.Reader, o Options) (Annotation, error) {
	d := xml.NewDecoder(&limited{r, o.maxBytes()})
	var j annotationXML
	err := d.Decode(&j)
	if err == nil {
		err = end(d)
	}
	if err != nil {
		return Annotation{}, place(d, err)
	}
	a := Annotation{FileName: j.FileName, Segmented: bool(j.Segmented)}
	if len(j.Size) > 1 {
		return Annotation{}, fmt.Errorf("the file has %d sizes", len(j.Size))
	}
	for _, s := range j.Size {
		a.Width, a.Height, a.Depth = int(s.Width), int(s.Height), int(s.Depth)
	}
	for _, o := range j.Objects {
		a.Objects = append(a.Objects, o.object)
	}
	return a, nil
}

// place puts the line in front of an error.
func place(d *xml.Decoder, err error) error {
	line, column := d.InputPos()
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("line %d: the file has no element <annotation>", line)
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d: %s", syntax.Line, syntax.Msg)
	}
	return fmt.Errorf("line %d, column %d: %w", line, column, err)
}

// end tests that nothing but comments follows.
func end(d *xml.Decoder) error {
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.Comment, xml.ProcInst, xml.Directive:
		case xml.CharData:
			if s := strings.TrimSpace(string(t)); s != "" {
				return fmt.Errorf("%.20q follows the annotation", s)
			}
		default:
			return errors.New("a second element follows the annotation")
		}
	}
}
