//go:build !linux

package main

// threadID is 0: package syscall knows no number of a thread here.
func threadID() int {
	return 0
}
