package voc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Folder is a data set: the folder that has Annotations, ImageSets and JPEGImages.
type Folder struct {
	path string
	o    Options
}

// Open opens the folder at path, such as VOCdevkit/VOC2012.
func Open(path string, o Options) (*Folder, error) {
	for _, name := range []string{"Annotations", "ImageSets", "SegmentationClass"} {
		if info, err := os.Stat(filepath.Join(path, name)); err == nil && info.IsDir() {
			return &Folder{path, o}, nil
		}
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("voc: %w", err)
	}
	return nil, fmt.Errorf("voc: %s has neither Annotations nor ImageSets; wanted a folder such as "+
		"VOCdevkit/VOC2012", path)
}

// Lists names the lists of pictures, such as "Main/train".
func (f *Folder) Lists() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(f.path, "ImageSets", "*", "*.txt"))
	if err != nil {
		return nil, fmt.Errorf("voc: %w", err)
	}
	var lists []string
	for _, file := range files {
		lists = append(lists,
			filepath.Base(filepath.Dir(file))+"/"+strings.TrimSuffix(filepath.Base(file), ".txt"))
	}
	slices.Sort(lists)
	return lists, nil
}

// Item is a line of a list.
type Item struct {
	Name string
	// Labels are the numbers after the name: in "Main/cat_train" 1 says that there is a cat, -1 that
	// there is none, 0 that all are difficult; in "Layout" and "Action" lists the first is the number
	// of the object, from 1.
	Labels []int
	Line   int
}

// List yields the lines of a list such as "Main/train", without empty ones and those that begin
// with #. An error of one line is followed by the next.
func (f *Folder) List(list string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		name := filepath.Join("ImageSets", filepath.FromSlash(list)+".txt")
		file, err := f.open(name)
		if err != nil {
			yield(Item{}, err)
			return
		}
		defer file.Close()
		readList(file, file.Name()+": ", f.o, yield)
	}
}

// ReadList yields the lines of a list, as [Folder.List] does.
func ReadList(r io.Reader, o Options) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) { readList(r, "", o, yield) }
}

func readList(r io.Reader, name string, o Options, yield func(Item, error) bool) {
	s := bufio.NewScanner(r)
	most := int(min(o.maxBytes(), 1<<30))
	s.Buffer(nil, most)
	line := 1
	for ; s.Scan(); line++ {
		text := bytes.TrimPrefix(s.Bytes(), []byte("\xef\xbb\xbf"))
		if text = bytes.TrimSpace(text); len(text) == 0 || text[0] == '#' {
			continue
		}
		item, err := parseItem(string(text), line)
		if err != nil {
			err = fmt.Errorf("voc: %sline %d: %w", name, line, err)
		}
		if !yield(item, err) {
			return
		}
	}
	switch err := s.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		yield(Item{}, fmt.Errorf("voc: %sline %d: the line has more than %d bytes (Options.MaxBytes)",
			name, line, most))
	case err != nil:
		yield(Item{}, fmt.Errorf("voc: %sline %d: read: %w", name, line, err))
	}
}

func parseItem(text string, line int) (Item, error) {
	fields := strings.Fields(text)
	item := Item{Name: fields[0], Line: line}
	if !filepath.IsLocal(item.Name) || strings.ContainsAny(item.Name, "\x00\\") {
		return Item{}, fmt.Errorf("%.40q is no name of a picture", item.Name)
	}
	for _, field := range fields[1:] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return Item{}, fmt.Errorf("%.20q follows the name %.40q; wanted numbers", field, item.Name)
		}
		item.Labels = append(item.Labels, n)
	}
	return item, nil
}

// Annotations yields what the XML files say of the pictures on a list. An error stands for a line
// or a picture whose file is missing or broken; the next one follows.
func (f *Folder) Annotations(list string) iter.Seq2[Annotation, error] {
	return func(yield func(Annotation, error) bool) {
		for item, err := range f.List(list) {
			var a Annotation
			if err == nil {
				a, err = f.Annotation(item.Name)
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

// Annotation reads the XML file of a picture.
func (f *Folder) Annotation(name string) (Annotation, error) {
	file, err := f.open(filepath.Join("Annotations", name+".xml"))
	if err != nil {
		return Annotation{}, err
	}
	defer file.Close()
	a, err := read(file, f.o)
	if err != nil {
		return Annotation{}, fmt.Errorf("voc: %s: %w", file.Name(), err)
	}
	a.Name = name
	return a, nil
}

// ImageFile is the path of a picture, a JPEG or PNG file.
func (f *Folder) ImageFile(name string) (string, error) {
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("voc: %.60q is outside of the folder", name)
	}
	for _, suffix := range []string{".jpg", ".jpeg", ".JPG", ".JPEG", ".png"} {
		path := filepath.Join(f.path, "JPEGImages", name+suffix)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("voc: no picture %s, nor with .jpeg or .png", filepath.Join(f.path,
		"JPEGImages", name+".jpg"))
}

// ClassMask reads the classes of a picture's pixels.
func (f *Folder) ClassMask(name string) (Mask, error) { return f.mask("SegmentationClass", name) }

// ObjectMask reads the objects of a picture's pixels, numbered as in its XML file, from 1.
func (f *Folder) ObjectMask(name string) (Mask, error) { return f.mask("SegmentationObject", name) }

func (f *Folder) mask(folder, name string) (Mask, error) {
	file, err := f.open(filepath.Join(folder, name+".png"))
	if err != nil {
		return Mask{}, err
	}
	defer file.Close()
	m, err := readMask(file, f.o)
	if err != nil {
		return Mask{}, fmt.Errorf("voc: %s: %w", file.Name(), err)
	}
	return m, nil
}

// open opens a file inside the folder.
func (f *Folder) open(name string) (*os.File, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("voc: %.60q is outside of the folder", name)
	}
	file, err := os.Open(filepath.Join(f.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("voc: no file %s: %w", filepath.Join(f.path, name), fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("voc: %w", err)
	}
	return file, nil
}
