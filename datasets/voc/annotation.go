package voc

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Options says how files are read.
type Options struct {
	// MaxBytes is the most bytes of an XML file or of a line of a list; 0 means 4 MiB.
	MaxBytes int
	// MaxPixels is the most pixels of a mask; 0 means 2^24.
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

// The forms of elements in a file.
type (
	annotationXML struct {
		XMLName   xml.Name    `xml:"annotation"`
		FileName  string      `xml:"filename"`
		Size      []sizeXML   `xml:"size"`
		Segmented flag        `xml:"segmented"`
		Objects   []objectXML `xml:"object"`
	}
	sizeXML struct {
		Width  count `xml:"width"`
		Height count `xml:"height"`
		Depth  count `xml:"depth"`
	}
	objectXML struct{ object Object }
	fieldsXML struct {
		Names     []string `xml:"name"`
		Pose      string   `xml:"pose"`
		Truncated flag     `xml:"truncated"`
		Difficult flag     `xml:"difficult"`
		Occluded  flag     `xml:"occluded"`
		Boxes     []boxXML `xml:"bndbox"`
		Parts     []struct {
			Names []string `xml:"name"`
			Boxes []boxXML `xml:"bndbox"`
		} `xml:"part"`
		Actions *actions `xml:"actions"`
	}
	boxXML struct {
		XMin []number `xml:"xmin"`
		YMin []number `xml:"ymin"`
		XMax []number `xml:"xmax"`
		YMax []number `xml:"ymax"`
	}
)

// text reads the text of an element.
func text(d *xml.Decoder, start xml.StartElement) (string, error) {
	var s string
	err := d.DecodeElement(&s, &start)
	return strings.TrimSpace(s), err
}

// number is a float; flag is 0 or 1; count is a whole number.
type (
	number float64
	flag   bool
	count  int
)

// UnmarshalXML implements xml.Unmarshaler.
func (n *number) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	s, err := text(d, start)
	if err != nil {
		return err
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%s is %.20q; wanted a number", start.Name.Local, s)
	}
	*n = number(v)
	return nil
}

// UnmarshalXML implements xml.Unmarshaler.
func (f *flag) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	s, err := text(d, start)
	if err != nil {
		return err
	}
	switch s {
	case "0", "", "Unspecified":
	case "1":
		*f = true
	default:
		return fmt.Errorf("%s is %.20q; wanted 0 or 1", start.Name.Local, s)
	}
	return nil
}

// UnmarshalXML implements xml.Unmarshaler.
func (c *count) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	s, err := text(d, start)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return fmt.Errorf("%s is %.20q; wanted a number of pixels", start.Name.Local, s)
	}
	*c = count(n)
	return nil
}

// actions are flags by name.
type actions map[string]bool

// UnmarshalXML implements xml.Unmarshaler.
func (a *actions) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	*a = actions{}
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch element := token.(type) {
		case xml.StartElement:
			var f flag
			if err := f.UnmarshalXML(d, element); err != nil {
				return err
			}
			(*a)[element.Name.Local] = bool(f)
		case xml.EndElement:
			return nil
		}
	}
}

// UnmarshalXML implements xml.Unmarshaler: an object that is wrong is found where it stands.
func (o *objectXML) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var fields fieldsXML
	if err := d.DecodeElement(&fields, &start); err != nil {
		return err
	}
	var err error
	if o.object, err = fields.object(); err != nil {
		return fmt.Errorf("the object that ends here: %w", err)
	}
	return nil
}

// object tests an object.
func (o fieldsXML) object() (Object, error) {
	name, box, err := nameAndBox(o.Names, o.Boxes)
	if err != nil {
		return Object{}, err
	}
	object := Object{Name: name, Pose: o.Pose, Truncated: bool(o.Truncated), Difficult: bool(o.Difficult), Occluded: bool(o.Occluded), Box: box}
	for _, p := range o.Parts {
		name, box, err := nameAndBox(p.Names, p.Boxes)
		if err != nil {
			return Object{}, fmt.Errorf("part of %s: %w", object.Name, err)
		}
		object.Parts = append(object.Parts, Part{name, box})
	}
	if o.Actions != nil {
		object.Actions = *o.Actions
	}
	return object, nil
}

func nameAndBox(names []string, boxes []boxXML) (string, Box, error) {
	if len(names) != 1 || strings.TrimSpace(names[0]) == "" {
		return "", Box{}, fmt.Errorf("it has %d names; wanted one", len(names))
	}
	name := strings.TrimSpace(names[0])
	if len(boxes) != 1 {
		return "", Box{}, fmt.Errorf("%q has %d boxes (bndbox); wanted one", name, len(boxes))
	}
	b := boxes[0]
	var corners [4]float64
	for i, c := range [][]number{b.XMin, b.YMin, b.XMax, b.YMax} {
		if len(c) != 1 {
			return "", Box{}, fmt.Errorf("the box of %q has %d %s; wanted one", name, len(c), [4]string{"xmin", "ymin", "xmax", "ymax"}[i])
		}
		corners[i] = float64(c[0])
	}
	box := Box{corners[0], corners[1], corners[2], corners[3]}
	if box.XMax < box.XMin || box.YMax < box.YMin {
		return "", Box{}, fmt.Errorf("the box of %q ends before it begins: x %v to %v, y %v to %v", name, box.XMin, box.XMax, box.YMin, box.YMax)
	}
	return name, box, nil
}

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
