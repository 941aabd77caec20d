package main

// serve answers requests until churn has stopped: how many, and the sum of
// what was in the replies.
func serve() (requests, sum int) {
	sums := make(chan int)
	go helper(sums)
	for !stopped.Load() {
		sum += <-sums
		requests++
	}
	return requests, sum
}

// helper makes the replies, so that serve does not allocate.
func helper(sums chan<- int) {
	for n := 0; ; n++ {
		reply := make([]byte, *size)
		sums <- write(reply, n)
	}
}
