package scenes_test

import (
	"image"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/scenes"
)

// On shapes of radius 100 the number of pixels is the area of the formula, 2.84, 2.82, 1.75 and 2.46 R².
func TestAreas(t *testing.T) {
	objects, err := scenes.Objects(scenes.Config{Train: 20, Size: 256, Near: 0.1, Far: 0.1}, datasets.Train)
	if err != nil {
		t.Fatal(err)
	}
	want := [4]float64{math.Pi * 0.95 * 0.95, 1.68 * 1.68, 1.75, 2*2*0.76 - 0.76*0.76}
	var seen [4]int
	for _, scene := range objects {
		o := scene[0]
		seen[o.Class]++
		if got := float64(o.Area) / 1e4; math.Abs(got-want[o.Class]) > 0.01*want[o.Class] {
			t.Errorf("a %s has the area %.3f R², want %.3f", scenes.Classes()[o.Class], got, want[o.Class])
		}
	}
	if slices.Min(seen[:]) == 0 {
		t.Errorf("the classes were drawn %v times", seen)
	}
}

// labels has what the tests below look at, of one part.
type labels struct {
	n, size                   int
	class, texture, seg       []int32
	pixels, depth, box, count []float32
}

func labelsOf(t *testing.T, config scenes.Config) labels {
	t.Helper()
	config.Validation, config.Test = 1, 1
	set, err := scenes.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ints := func(task string) []int32 { return tensors.MustCopyFlatData[int32](set.Train.Labels[task]) }
	floats := func(task string) []float32 { return tensors.MustCopyFlatData[float32](set.Train.Labels[task]) }
	return labels{
		n: set.Train.Len(), size: set.Train.Inputs[0].Shape().Dim(1), pixels: tensors.MustCopyFlatData[float32](set.Train.Inputs[0]),
		class: ints(scenes.TaskClass), texture: ints(scenes.TaskTexture), seg: ints(scenes.TaskSegmentation),
		depth: floats(scenes.TaskDepth), box: floats(scenes.TaskBox), count: floats(scenes.TaskCount),
	}
}

// The labels of "cls" and "box" follow from those of the pixels of least depth, whose depth is an object's; elsewhere it is 3. With one object
// "seg" alone is enough, and "seg" follows from "cls" and "depth".
func TestLabelsFollowFromPixels(t *testing.T) {
	for _, config := range []scenes.Config{{Train: 500}, {Train: 500, Objects: 4, Near: 1.2, Far: 2.4}} {
		l := labelsOf(t, config)
		objects, err := scenes.Objects(config, datasets.Train)
		if err != nil {
			t.Fatal(err)
		}
		area := l.size * l.size
		for i := range l.n {
			seg, depth := l.seg[i*area:(i+1)*area], l.depth[i*area:(i+1)*area]
			least := slices.Min(depth)
			var box image.Rectangle
			for at, z := range depth {
				known := slices.ContainsFunc(objects[i], func(o scenes.Object) bool { return float32(o.Depth) == z && int32(1+o.Class) == seg[at] })
				if seg[at] == 0 && z != 3 || seg[at] > 0 && !known {
					t.Fatalf("scene %d: class %d at depth %v", i, seg[at], z)
				}
				if z == least {
					box = box.Union(image.Rect(at%l.size, at/l.size, at%l.size+1, at/l.size+1))
					if seg[at] != 1+l.class[i] {
						t.Fatalf("scene %d: cls is %d, the nearest pixel has class %d", i, l.class[i], seg[at])
					}
				} else if len(objects[i]) == 1 && (seg[at] != 0 || z != 3) {
					t.Fatalf("scene %d has more than its object", i)
				}
			}
			want := []int{box.Min.X, box.Min.Y, box.Max.X, box.Max.Y}
			for k, edge := range l.box[4*i : 4*i+4] {
				if edge != float32(want[k])/float32(l.size) {
					t.Errorf("scene %d: the box is %v, want %v / %d", i, l.box[4*i:4*i+4], want, l.size)
					break
				}
			}
			if int(l.count[i]) != len(objects[i]) {
				t.Errorf("scene %d: count is %v, there are %d objects", i, l.count[i], len(objects[i]))
			}
		}
	}
}

// The outermost pixels of objects are void with Boundary, and nothing else changes: a void pixel has a neighbour of another object or of the
// background, the other pixels have not.
func TestBoundary(t *testing.T) {
	config := scenes.Config{Train: 200}
	plain := labelsOf(t, config)
	config.Boundary = true
	bounded := labelsOf(t, config)
	if !slices.Equal(plain.pixels, bounded.pixels) || !slices.Equal(plain.box, bounded.box) || !slices.Equal(plain.depth, bounded.depth) {
		t.Error("the boundary changes more than the segmentation")
	}
	size, area := plain.size, plain.size*plain.size
	for at, class := range plain.seg {
		edge := false
		if class > 0 {
			for _, step := range []image.Point{{X: 1}, {X: -1}, {Y: 1}, {Y: -1}} {
				if q := image.Pt(at%area%size, at%area/size).Add(step); q.In(image.Rect(0, 0, size, size)) {
					edge = edge || plain.seg[at/area*area+q.Y*size+q.X] != class
				}
			}
		}
		if want := map[bool]int32{true: scenes.Void, false: class}[edge]; bounded.seg[at] != want {
			t.Fatalf("pixel %d of scene %d has the label %d, want %d", at%area, at/area, bounded.seg[at], want)
		}
	}
}

// information is the mutual information in bits of two columns of small integers, from their frequencies.
func information(a, b []int) float64 {
	joint, left, right := map[[2]int]float64{}, map[int]float64{}, map[int]float64{}
	n := float64(len(a))
	for i := range a {
		joint[[2]int{a[i], b[i]}] += 1 / n
		left[a[i]] += 1 / n
		right[b[i]] += 1 / n
	}
	bits := 0.0
	for pair, p := range joint {
		bits += p * math.Log2(p/(left[pair[0]]*right[pair[1]]))
	}
	return bits
}

// colours finds which of the four colours the object of each scene has: that nearest to the object's mean colour, undone of its depth.
func (l labels) colours() []int {
	palette := [4][3]float64{{0.9, 0.2, 0.2}, {0.2, 0.8, 0.25}, {0.25, 0.4, 0.95}, {0.9, 0.8, 0.2}}
	found := make([]int, l.n)
	area := l.size * l.size
	for i := range found {
		var mean [3]float64
		var z, n float64
		for at := i * area; at < (i+1)*area; at++ {
			if l.seg[at] > 0 {
				z = float64(l.depth[at])
				n++
				for k := range mean {
					mean[k] += float64(l.pixels[3*at+k])
				}
			}
		}
		distance := func(c [3]float64) (sum float64) {
			for k := range c {
				d := mean[k]/n*math.Exp(0.6*(z-1)) - c[k]
				sum += d * d
			}
			return sum
		}
		for k := range palette {
			if distance(palette[k]) < distance(palette[found[i]]) {
				found[i] = k
			}
		}
	}
	return found
}

func integers[T float32 | int32](values []T, f func(T) int) []int {
	out := make([]int, len(values))
	for i, v := range values {
		out[i] = f(v)
	}
	return out
}

// The colour tells as much of the class as the closed form says, within 4 standard errors of a sample of 6,000 (1.12/√n at κ = 0.5) and the
// rare colour that its noise makes another. Scenes of two κ differ in colours only.
func TestColourInformation(t *testing.T) {
	var seg []int32
	for kappa, want := range map[float64]float64{0: 0, 0.5: 2 + 0.625*math.Log2(0.625) + 0.375*math.Log2(0.125), 1: 2} {
		l := labelsOf(t, scenes.Config{Train: 6000, Size: 20, Noise: -1, ColorClass: kappa})
		got := information(integers(l.class, func(v int32) int { return int(v) }), l.colours())
		if math.Abs(got-want) > 0.06 {
			t.Errorf("κ = %v: the colour tells %.3f bits, want %.3f", kappa, got, want)
		}
		if closed := scenes.ColorInformation(kappa); math.Abs(closed-want) > 1e-12 {
			t.Errorf("κ = %v: the closed form is %v, want %v", kappa, closed, want)
		}
		if seg != nil && !slices.Equal(l.seg, seg) {
			t.Errorf("κ = %v changes the shapes", kappa)
		}
		seg = l.seg
	}
}

// The texture tells nothing of the other labels or the colour. For independent columns 2·n·ln 2·I is a χ² number of 9 degrees of freedom, above
// 33.7 once in 10,000 times.
func TestTextureIsIndependent(t *testing.T) {
	l := labelsOf(t, scenes.Config{Train: 6000, Size: 20, Objects: 4, Seed: 2})
	quarters := func(values []float32) []int {
		sorted := slices.Sorted(slices.Values(values))
		return integers(values, func(v float32) int {
			rank, _ := slices.BinarySearch(sorted, v)
			return 4 * rank / len(sorted)
		})
	}
	least, left, top := make([]float32, l.n), make([]float32, l.n), make([]float32, l.n)
	for i := range least {
		least[i] = slices.Min(l.depth[i*l.size*l.size : (i+1)*l.size*l.size])
		left[i], top[i] = l.box[4*i], l.box[4*i+1]
	}
	same := func(v int32) int { return int(v) }
	texture := integers(l.texture, same)
	single := labelsOf(t, scenes.Config{Train: 6000, Size: 20, Seed: 3})
	for name, columns := range map[string][2][]int{
		"class":  {texture, integers(l.class, same)},
		"count":  {texture, integers(l.count, func(v float32) int { return int(v) })},
		"depth":  {texture, quarters(least)},
		"left":   {texture, quarters(left)},
		"top":    {texture, quarters(top)},
		"colour": {integers(single.texture, same), single.colours()},
	} {
		if x := 2 * float64(l.n) * math.Ln2 * information(columns[0], columns[1]); x > 33.7 {
			t.Errorf("%s: 2·n·ln 2·I is %.1f", name, x)
		}
	}
	// The test itself finds a relation: the class and where its box begins, as shapes differ in width.
	if x := 2 * float64(l.n) * math.Ln2 * information(integers(l.class, same), quarters(left)); x < 33.7 {
		t.Errorf("class and left edge: 2·n·ln 2·I is %.1f only", x)
	}
}
