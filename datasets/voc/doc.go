// Package voc reads data sets in the layout of PASCAL VOC: objects in XML files, masks as PNG
// files, and lists of pictures.
//
// Source: "The PASCAL Visual Object Classes Challenge 2012 development kit"
// (http://host.robots.ox.ac.uk/pascal/VOC/voc2012/).
//
//	Annotations/NAME.xml            objects: [Folder.Annotations], [Read]
//	ImageSets/Main/LIST.txt         pictures, one a line: [Folder.List], [ReadList]
//	JPEGImages/NAME.jpg             pictures: [Folder.ImageFile]
//	SegmentationClass/NAME.png      the class of each pixel: [Folder.ClassMask], [ReadMask]
//	SegmentationObject/NAME.png     the object of each pixel: [Folder.ObjectMask]
//
// What such files hold, and what comes of it here:
//
//   - A box is its first and last pixel, counted from 1: VOC's width is xmax - xmin + 1. Many
//     programs that write the format count from 0 and mean xmax - xmin. Coordinates are given as
//     they stand; they may be floats, and in any order.
//   - A box with xmax = xmin or ymax = ymin occurs in published files: [Box.Empty] says so. One
//     with xmax < xmin is an error.
//   - Objects that are difficult do not count in VOC's evaluation. Parts (heads, hands, feet) have
//     boxes too, without flags.
//   - folder, filename and path often speak of another machine. A file goes by its own name,
//     [Annotation].Name.
//   - The pixels of a mask are palette indices: 0 background, then classes or objects from 1, 255
//     the border and what is not labelled ([Border]): leave it out of loss and metrics. Decoders
//     that turn the palette into colours lose the index; a mask in VOC's colours is turned back,
//     one in other colours is an error.
//   - A file that is missing, of a picture on a list, is an error with its name; the next picture
//     follows.
//   - An XML file is read in at most [Options].MaxBytes. A mask has at most [Options].MaxPixels, and
//     no memory is taken for pixels that a header claims and the file does not have.
package voc
