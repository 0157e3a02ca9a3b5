// Package npy reads NumPy's npy and npz files row by row in bounded memory, and writes npy files.
//
// Source: numpy.lib.format, "The .npy format", versions 1.0, 2.0 and 3.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), and NumPy enhancement
// proposal 1.
//
// What such files hold, and what comes of it here:
//
//   - Objects and structures are refused. Objects are Python pickles, which run code when they are
//     read; nothing here does. Texts, dates and extended floats (float96, float128) are refused by
//     name.
//   - Values come as the Go type that is asked for only if that type holds every value of the
//     file's: int64 as float64, or float64 as float32, is an error, not a rounded number. float16
//     comes as float32 or float64.
//   - A byte of a bool that is neither 0 nor 1 is an error. NaN and infinity are values.
//   - In Fortran order the first axis varies fastest, so a row is spread over the whole file: such
//     an array is read as a whole before its first row; rows are the same as in C order.
//     [Options].MaxBytes bounds it.
//   - An array without axes is one row of one value; an array in which an axis has length 0 has no
//     rows.
//   - The header is read by its grammar, never evaluated: three keys, each once; at most 10,000
//     bytes, as in NumPy. Python 2's lengths with an L are taken.
//   - An array of one axis has rows of one value: read it with [ReadAll], which spends no time on
//     each row.
//   - The bits of a NaN are kept where the type is.
//   - A file that ends early, bytes after the values, a shape whose size overflows: errors with the
//     byte. No memory is taken by a size in the header before the bytes are there.
//   - An npz file is a zip file: its checksums are tested at the end of each array; a name that
//     stands twice is an error. Entries that do not end in ".npy" are listed under their full name,
//     and refused when read.
package npy
