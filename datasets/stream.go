package datasets

import "math/rand/v2"

// golden is 2^64 divided by the golden ratio, the increment of SplitMix64.
const golden = 0x9e3779b97f4a7c15

// Stream is the random source of one example: a PCG-DXSM generator (O'Neill 2014) whose 128-bit state is hashed from the
// data set's seed, the part and the example's index. Different arguments give unrelated streams, so that an example
// depends neither on how many there are nor on who makes it.
//
//	high = mix(seed + (part+1)·g)    low = mix(high + (index+1)·g)    g = 0x9e3779b97f4a7c15
//
// where mix is the output function of SplitMix64 (Steele, Lea and Flood 2014) and all sums are modulo 2^64.
func Stream(seed uint64, part Part, index int) *rand.Rand {
	high := mix(seed + (uint64(part)+1)*golden)
	low := mix(high + (uint64(index)+1)*golden)
	return rand.New(rand.NewPCG(high, low))
}

// mix is the output function of SplitMix64, a bijection in which each input bit changes half of the output bits.
func mix(x uint64) uint64 {
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}
