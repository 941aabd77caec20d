package main

const stretch = 100_000

// compute takes the generator rounds steps further.
func compute(x uint64) uint64 {
	for range rounds / stretch {
		x = some(x)
	}
	return x
}

// some is called, again and again: whoever calls a function looks whether it
// has been asked to give way, in what the compiler puts at the function's
// beginning. That must not be optimised away.
//
//go:noinline
func some(x uint64) uint64 {
	// A frame that is not empty: functions without one do not look.
	var last [32]uint64
	for n := range stretch {
		x = x*6364136223846793005 + 1442695040888963407
		last[n%len(last)] = x
	}
	return last[(stretch-1)%len(last)]
}
