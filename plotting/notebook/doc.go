// Package notebook shows figures, tables and training in progress in a Jupyter notebook that runs on the GoNB kernel. Outside a
// notebook every call does nothing, so the same program runs in a test and on the command line.
//
// It is the only package that imports GoNB's gonbui.
package notebook
