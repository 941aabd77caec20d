package main

import "runtime/debug"

// serve answers requests until churn has stopped: how many, and the sum of
// what was in the replies.
func serve() (requests, sum int) {
	debug.SetGCPercent(1000)
	for !stopped.Load() {
		reply := make([]byte, *size)
		sum += write(reply, requests)
		requests++
	}
	return requests, sum
}
