package voc

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
)

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
	object := Object{Name: name, Pose: o.Pose, Truncated: bool(o.Truncated),
		Difficult: bool(o.Difficult), Occluded: bool(o.Occluded), Box: box}
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
			return "", Box{}, fmt.Errorf("the box of %q has %d %s; wanted one", name, len(c),
				[4]string{"xmin", "ymin", "xmax", "ymax"}[i])
		}
		corners[i] = float64(c[0])
	}
	box := Box{corners[0], corners[1], corners[2], corners[3]}
	if box.XMax < box.XMin || box.YMax < box.YMin {
		return "", Box{}, fmt.Errorf("the box of %q ends before it begins: x %v to %v, y %v to %v", name,
			box.XMin, box.XMax, box.YMin, box.YMax)
	}
	return name, box, nil
}
