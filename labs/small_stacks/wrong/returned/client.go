package main

// client digests the message of client n, and stays connected.
func client(n int) {
	digests[n] = digestOf(n)
	connected()
}

// digestOf has returned when client waits, and its frame is gone.
//
//go:noinline
func digestOf(n int) int {
	var buffer [room]byte
	return digest(n, buffer[:])
}
