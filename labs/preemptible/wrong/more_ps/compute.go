package main

import "runtime"

// compute takes the generator rounds steps further.
func compute(x uint64) uint64 {
	runtime.GOMAXPROCS(2)
	for range rounds {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}
