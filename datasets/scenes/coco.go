package scenes

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/gomtl/gomtl/datasets"
)

// visible is the least visibility of an object that WriteCOCO lists.
const visible = 0.4

// The parts of a COCO file that the scenes have.
type (
	coco struct {
		Images      []cocoImage      `json:"images"`
		Annotations []cocoAnnotation `json:"annotations"`
		Categories  []cocoCategory   `json:"categories"`
	}
	cocoImage struct {
		ID       int    `json:"id"`
		FileName string `json:"file_name"`
		Width    int    `json:"width"`
		Height   int    `json:"height"`
	}
	cocoAnnotation struct {
		ID           int         `json:"id"`
		ImageID      int         `json:"image_id"`
		CategoryID   int         `json:"category_id"`
		Box          [4]int      `json:"bbox"` // left, top, width, height
		Area         int         `json:"area"`
		Crowd        int         `json:"iscrowd"`
		Segmentation cocoLengths `json:"segmentation"`
	}
	// cocoLengths is a mask as the lengths of its runs of 0 and 1 in turn, column by column.
	cocoLengths struct {
		Counts []int  `json:"counts"`
		Size   [2]int `json:"size"` // height, width
	}
	cocoCategory struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
	}
)

// WriteCOCO writes the objects of a part in the JSON format of COCO's object detection (Lin et al. 2014), for its evaluation and for viewers:
// every object of which 0.4 or more is visible, with the box and the mask of its visible pixels. Image i is scene i of the set that New makes
// of the same Config, file 00000i.png; annotations count from 1; category k is class k of the task "seg". An error says which field of the
// Config cannot be, or that there is no such part, or is the writer's.
func WriteCOCO(w io.Writer, config Config, part datasets.Part) error {
	config, err := config.withPart(part)
	if err != nil {
		return err
	}
	file := coco{Images: []cocoImage{}, Annotations: []cocoAnnotation{}}
	for k, name := range Classes() {
		file.Categories = append(file.Categories, cocoCategory{ID: 1 + k, Name: name})
	}
	for i := range config.size(part) {
		file.Images = append(file.Images, cocoImage{ID: i, FileName: fmt.Sprintf("%06d.png", i), Width: config.Size, Height: config.Size})
		_, p := config.scene(part, i)
		for k, o := range p.objects {
			if o.Visibility < visible {
				continue
			}
			file.Annotations = append(file.Annotations, cocoAnnotation{
				ID: 1 + len(file.Annotations), ImageID: i, CategoryID: 1 + o.Class, Area: o.Area,
				Box:          [4]int{o.Box.Min.X, o.Box.Min.Y, o.Box.Dx(), o.Box.Dy()},
				Segmentation: cocoLengths{Counts: runs(p.owner, 1+k, config.Size), Size: [2]int{config.Size, config.Size}},
			})
		}
	}
	if err := json.NewEncoder(w).Encode(file); err != nil {
		return fmt.Errorf("scenes: write the objects: %w", err)
	}
	return nil
}

// runs is the lengths of the runs of pixels that are not and that are the owner's, in turn, column by column.
func runs(owners []int, owner, size int) []int {
	counts, on := []int{0}, false
	for i := range owners {
		if is := owners[i%size*size+i/size] == owner; is != on {
			counts, on = append(counts, 0), is
		}
		counts[len(counts)-1]++
	}
	return counts
}
