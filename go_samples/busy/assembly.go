//go:build amd64 || arm64

package main

// countDown counts n down to 0, in assembly.
//
//go:noescape
func countDown(n uint64)

func inAssembly(rounds int) {
	countDown(uint64(rounds))
}
