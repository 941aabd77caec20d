package main

// serve answers requests until churn has stopped: how many, and the sum of
// what was in the replies.
func serve() (requests, sum int) {
	// One for all: a reply is gone before the next one is made.
	reply := make([]byte, *size)
	for !stopped.Load() {
		sum += write(reply, requests)
		requests++
	}
	return requests, sum
}
