package report

// Spin computes for a number of rounds, each a few processor cycles: it
// makes no system call, allocates nothing and never blocks. It is not
// inlined, because the compiler would then drop a loop whose result is not
// used.
//
//go:noinline
func Spin(rounds int) uint64 {
	x := uint64(rounds) | 1
	for range rounds {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}
