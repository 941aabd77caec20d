package main

// compute takes the generator rounds steps further.
func compute(x uint64) uint64 {
	for range rounds {
		x = step(x)
	}
	return x
}

func step(x uint64) uint64 {
	return x*6364136223846793005 + 1442695040888963407
}
