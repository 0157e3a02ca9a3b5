package voc_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/datasets/voc"
)

func TestReadList(t *testing.T) {
	got, errs := all(voc.ReadList(strings.NewReader("\xef\xbb\xbf2007_000027\r\n# x y\na  1\nb "+
		"-1\nc 2 0\n../x\n/etc/passwd\nd x\nx y.jpg\n"+strings.Repeat("z", 99)),
		voc.Options{MaxBytes: 50}))
	want := []voc.Item{{Name: "2007_000027", Line: 1}, {Name: "a", Labels: []int{1}, Line: 3},
		{Name: "b", Labels: []int{-1}, Line: 4}, {Name: "c", Labels: []int{2, 0}, Line: 5}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for i, want := range []string{`voc: line 6: "../x" is no name`,
		`voc: line 7: "/etc/passwd" is no name`, `line 8: "x" follows the name "d"; wanted numbers`,
		`line 9: "y.jpg" follows`, "line 10: the line has more than 50 bytes"} {
		if i >= len(errs) || !strings.Contains(errs[i], want) {
			t.Errorf("%q; wanted %q", errs, want)
		}
	}
}

func TestFolder(t *testing.T) {
	root := t.TempDir()
	mask := masks(t, []uint8{0, 1, 2, 3, 2, 1}, 3)[0]
	for name, content := range map[string]string{
		"Annotations/a.xml": example, "Annotations/c.xml": "<annotation>",
		"ImageSets/Main/train.txt": "a\nb\nc\n../d\n", "ImageSets/Layout/train.txt": "a 1\n",
		"JPEGImages/a.jpg":        "",
		"SegmentationClass/a.png": string(mask), "SegmentationObject/c.png": "x",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := voc.Open(root, voc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if lists, err := f.Lists(); err != nil || !slices.Equal(lists, []string{"Layout/train",
		"Main/train"}) {
		t.Error(lists, err)
	}
	got, errs := all(f.Annotations("Main/train"))
	if len(got) != 1 || got[0].Name != "a" || len(got[0].Objects) != 2 || len(errs) != 3 {
		t.Fatalf("%+v %q", got, errs)
	}
	for i, want := range []string{"voc: no file " + filepath.Join(root, "Annotations", "b.xml"),
		filepath.Join(root, "Annotations", "c.xml") + ": line 1: unexpected EOF", "train.txt: line 4: "} {
		if !strings.Contains(errs[i], want) {
			t.Errorf("%q; wanted %q", errs[i], want)
		}
	}
	checkFiles(t, f, root)
}

// checkFiles reads pictures and masks that are there, missing, broken and outside.
func checkFiles(t *testing.T, f *voc.Folder, root string) {
	t.Helper()
	if m, err := f.ClassMask("a"); err != nil || m.Pixels[3] != 3 {
		t.Error(m, err)
	}
	if path, err := f.ImageFile("a"); err != nil || path != filepath.Join(root, "JPEGImages",
		"a.jpg") {
		t.Error(path, err)
	}
	_, noImage := f.ImageFile("b")
	_, noMask := f.ObjectMask("b")
	_, badMask := f.ObjectMask("c")
	_, outside1 := f.ImageFile("../a")
	_, outside2 := f.Annotation("../../a")
	_, noFolder := voc.Open(root+"x", voc.Options{})
	_, otherFolder := voc.Open(filepath.Join(root, "JPEGImages"), voc.Options{})
	_, noList := all(f.List("Main/none"))
	for i, c := range []struct {
		err  error
		want string
	}{
		{noImage, "b.jpg, nor with"}, {noMask, filepath.Join("SegmentationObject", "b.png")}, {badMask,
			"c.png: the file ends after 1 bytes"}, {outside1, "outside of the folder"},
		{outside2, "outside of the folder"}, {noFolder, root + "x"}, {otherFolder,
			"has neither Annotations nor ImageSets"}, {errors.New(noList[0]), "none.txt"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("case %d: %v; wanted %q", i, c.err, c.want)
		}
	}
	if !errors.Is(noMask, fs.ErrNotExist) {
		t.Error(noMask)
	}
}
