package main

// client digests the message of client n, and stays connected.
func client(n int) {
	var buffer [room]byte
	digests[n] = digest(n, buffer[:])
	connected()
}
