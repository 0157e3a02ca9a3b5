package scenes

import (
	"fmt"
	"image"
	"slices"

	"github.com/gomtl/gomtl/datasets"
)

// Object is one object of a scene.
type Object struct {
	// Class is Disc, Square, Triangle or Cross.
	Class int
	// Depth is z; the object's radius is 10/z pixels.
	Depth float64
	// Area is the number of pixels that show the object, and Box the smallest rectangle around them: Min is the top left pixel, Max
	// lies behind the bottom right one. Both are zero for an object that others hide.
	Area int
	Box  image.Rectangle
	// Visibility is Area over the number of pixels that the object would have alone, 0..1.
	Visibility float64
}

// add counts a pixel that shows the object.
func (o *Object) add(pixel image.Point) {
	o.Area++
	o.Box = o.Box.Union(image.Rectangle{Min: pixel, Max: pixel.Add(image.Pt(1, 1))})
}

// Objects lists the objects of each scene of a part, from near to far: those of the set that New makes of the same Config, whose tasks
// tell of the nearest one only. An error says which field of the Config cannot be, or that there is no such part.
func Objects(config Config, part datasets.Part) ([][]Object, error) {
	config, err := config.withPart(part)
	if err != nil {
		return nil, err
	}
	all := make([][]Object, config.size(part))
	for i := range all {
		_, p := config.scene(part, i)
		all[i] = p.objects
	}
	return all, nil
}

// withPart is withDefaults and looks whether there is such a part.
func (c Config) withPart(part datasets.Part) (Config, error) {
	if !slices.Contains(datasets.Parts(), part) {
		return c, fmt.Errorf("scenes: there is no part %s, there are %v", part, datasets.Parts())
	}
	return c.withDefaults()
}

// scene draws and paints one scene.
func (c Config) scene(part datasets.Part, i int) (scene, picture) {
	random := datasets.Stream(c.Seed, part, i)
	s := c.draw(random)
	return s, c.paint(s, random)
}
