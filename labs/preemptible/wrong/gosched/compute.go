package main

import "runtime"

// compute takes the generator rounds steps further.
func compute(x uint64) uint64 {
	for n := range rounds {
		x = x*6364136223846793005 + 1442695040888963407
		if n%10_000 == 0 {
			runtime.Gosched()
		}
	}
	return x
}
