package mtl

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// Eigen, whose products XLA runs on a CPU, copies the operands of a product in blocks of about this depth, and holds at most two of them.
const packedDepth, packedBlocks = 256, 2

var (
	dilations     = regexp.MustCompile(`inputDilations=\[([0-9 ]*)\]`)
	inputChannels = regexp.MustCompile(`KernelInputChannels:(\d+)`)
)

// scratch returns the bytes that XLA's kernels on a CPU of some threads take beside what the compiler plans. Independent operations run at the same time, so it is
// the sum over the largest, one a thread.
func scratch(nodes map[*graph.Node]bool, threads int) (sum int64, err error) {
	var all []int64
	for node := range nodes {
		var bytes int64
		switch node.Type() {
		case graph.NodeTypeDotGeneral:
			bytes, err = scratchOfProduct(node, threads)
		case graph.NodeTypeConvGeneral:
			bytes, err = scratchOfConvolution(node)
		}
		if err != nil {
			return 0, err
		}
		all = append(all, bytes)
	}
	slices.Sort(all)
	for _, bytes := range all[max(0, len(all)-threads):] {
		sum += bytes
	}
	return sum, nil
}

// packed is what a product [rows, depth]·[depth, columns] of 4-byte numbers copies.
func packed(rows, columns, depth int) int64 {
	return 4 * int64(rows+columns) * int64(min(depth, packedDepth)) * int64(min((depth+packedDepth-1)/packedDepth, packedBlocks))
}

// scratchOfProduct: each thread takes a part of the rows, and all columns.
func scratchOfProduct(node *graph.Node, threads int) (int64, error) {
	products, err := multiplications(node)
	if err != nil {
		return 0, err
	}
	depth := int(products) / 2 / node.Shape().Size()
	left, right := node.Inputs()[0].Shape().Size()/depth, node.Inputs()[1].Shape().Size()/depth
	matrices := left * right / node.Shape().Size() // a batch of products: one after the other
	left, right = left/matrices, right/matrices
	return packed(max(left, right), threads*min(left, right), depth), nil
}

// scratchOfConvolution: the gradient on the input of a convolution with strides is a product and a sum. The product is a matrix with a row for each place of the
// smaller map, of the kernel's window times the output channels. Other convolutions make no such matrix.
func scratchOfConvolution(node *graph.Node) (int64, error) {
	text := node.String()
	dilated, channels := dilations.FindStringSubmatch(text), inputChannels.FindStringSubmatch(text)
	if dilated == nil || channels == nil {
		return 0, fmt.Errorf("mtl: the axes of %s cannot be read", node)
	}
	if strings.Trim(dilated[1], " 1") == "" {
		return 0, nil
	}
	axis, err := strconv.Atoi(channels[1])
	if err != nil {
		return 0, err
	}
	kernel := node.Inputs()[1].Shape()
	depth := kernel.Dimensions[axis]
	rows, columns := node.Inputs()[0].Shape().Size()/depth, kernel.Size()/depth
	return 4*int64(rows)*int64(columns) + packed(rows, columns, depth), nil
}
