// flood never lets go of the P, so what it starts piles up: 256 fit into the
// local queue. steady stops as soon as 100 are on their way, and its P runs
// them meanwhile.
package main

// flood starts all tasks, and has to fill the local queue.
func flood() {
	for n := range tasks {
		go task(n)
	}
}

// steady starts all tasks, and must not fill the local queue.
func steady() {
	inFlight := make(chan struct{}, 100)
	for n := range tasks {
		inFlight <- struct{}{}
		go func() {
			task(n)
			<-inFlight
		}()
	}
}
