package main

import "syscall"

// threadID is the kernel's number of the thread that this runs on.
func threadID() int {
	return syscall.Gettid()
}
