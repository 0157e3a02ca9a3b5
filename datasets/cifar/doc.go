// Package cifar reads CIFAR-10 and CIFAR-100 in their binary version, a picture at a time.
//
// Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009, and the page
// of the data sets (https://www.cs.toronto.edu/~kriz/cifar.html), which describes the layout and
// lists the classes.
//
// What such files hold, and what comes of it here:
//
//   - A record is one label byte (CIFAR-10) or two, coarse and fine (CIFAR-100: two tasks on one
//     picture, of which many readers drop the first), then 32 x 32 bytes of red, of green and of
//     blue, row by row. [Record.RGB] gives the three values of a pixel together.
//   - There is no header: nothing says which of the two a file is. A label above its range, and a
//     fine class that is not of its coarse class, are errors with the byte, and mostly mean the
//     other file.
//   - The files of the Python version are pickles, which can run programs; they are refused, as are
//     compressed ones.
//   - A file that ends inside a record is an error. One that was cut between two is found by
//     [Format.Train] and [Format.Test], which know how many records the published files have;
//     [Format.Open] takes any number.
//   - One record at a time is in memory.
package cifar
