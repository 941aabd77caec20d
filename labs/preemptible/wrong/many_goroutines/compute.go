package main

const stretch = 1_000_000

// compute takes the generator rounds steps further.
func compute(x uint64) uint64 {
	done := make(chan uint64)
	for range rounds / stretch {
		go func() {
			x := x
			for range stretch {
				x = x*6364136223846793005 + 1442695040888963407
			}
			done <- x
		}()
		x = <-done
	}
	return x
}
