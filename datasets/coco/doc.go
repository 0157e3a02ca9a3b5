// Package coco reads annotations in COCO's JSON form: objects, stuff, key points, captions and
// panoptic segments, of COCO, of LVIS, and of the programs that export it; and it computes with
// masks as pycocotools does.
//
// Sources: "COCO: data format" (https://cocodataset.org/#format-data), the panoptic and LVIS papers
// (Kirillov et al. 2019, Gupta et al. 2019), and the behaviour of pycocotools 2.0.11, to which
// masks, areas, boxes and IoU are equal.
//
// [Read] streams the records of a file in its own order. [Open] goes over the file once, keeps an
// index of its pictures and of where their annotations stand, and [File.Pictures] yields pictures
// with their annotations, each read when its turn comes.
//
// What such files hold, and what comes of it here:
//
//   - Annotations may stand before the pictures and categories that they name, and those of a
//     picture are not together.
//   - Category ids have gaps (COCO has 80 things with ids up to 90): [File.Class] numbers
//     categories from 0 in the order of ids.
//   - A mask is a list of polygons, or runs of a picture read column by column, as numbers or as a
//     text. Runs must fill the picture. Crowds (iscrowd) are regions of many objects: for training
//     leave them out, in IoU they divide by the other's area.
//   - A box is x, y, width, height; it may be empty ([Box.Empty]), reach out of the picture, or be
//     missing. Negative sizes are errors.
//   - LVIS has no iscrowd, and in version 1 no file_name: the name is the end of coco_url. Only
//     categories that are annotated, or are listed in Image.Negative, are known to be present or
//     absent; those in Image.NotExhaustive have more instances.
//   - A panoptic annotation is a PNG, whose pixel belongs to segment R + 256 G + 65536 B, 0 to none
//     ([ReadPanoptic]).
//   - An id that stands twice, and a picture or category that does not exist, are errors with the
//     byte of the record; but caption and panoptic annotations need no category and no id. NaN,
//     which Python writes, is no JSON: an error.
//   - Unknown keys are skipped. One record at most is in memory, besides the index, and never more
//     than [Options].MaxBytes of it.
package coco
