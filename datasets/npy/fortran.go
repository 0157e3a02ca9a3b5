package npy

// columns is an array in Fortran order: the first axis varies fastest, so a row is spread over it.
type columns[T Element] struct {
	all []T
	// offsets says for each value of row 0, in C order, where it is; row i is i places further.
	offsets []int
}

// readColumns reads an array of count values, more than none, to its end.
func readColumns[T Element](v *valueReader[T], count int) (columns[T], error) {
	all, err := v.next(nil, count)
	if err == nil {
		err = v.r.end()
	}
	if err != nil {
		return columns[T]{}, err
	}
	offsets := make([]int, 1, count/v.r.length())
	step := v.r.length()
	for _, n := range v.r.h.shape[1:] { // each axis varies faster than those before it
		outer := len(offsets)
		offsets = offsets[:outer*n]
		for i := outer - 1; i >= 0; i-- {
			for k := n - 1; k >= 0; k-- {
				offsets[i*n+k] = offsets[i] + k*step
			}
		}
		step *= n
	}
	return columns[T]{all, offsets}, nil
}

// row copies row i to dst.
func (c columns[T]) row(dst []T, i int) {
	for k, offset := range c.offsets {
		dst[k] = c.all[i+offset]
	}
}

// fortranAll returns the array of count values in C order.
func fortranAll[T Element](v *valueReader[T], count int) ([]T, error) {
	if count == 0 {
		return nil, v.r.end()
	}
	c, err := readColumns(v, count)
	if err != nil {
		return nil, err
	}
	all, width := make([]T, count), len(c.offsets)
	for i := range v.r.length() {
		c.row(all[i*width:(i+1)*width], i)
	}
	return all, nil
}
