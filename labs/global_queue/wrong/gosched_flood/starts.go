// Wrong: Gosched puts this goroutine into the global queue, not those that it
// starts. Those get to run, and the local queue is never full.
package main

import "runtime"

// flood starts all tasks, and has to fill the local queue.
func flood() {
	for n := range tasks {
		go task(n)
		runtime.Gosched()
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
