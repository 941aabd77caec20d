// Wrong: seven more Ps have seven more queues, but one goroutine fills one.
package main

import "runtime"

// flood starts all tasks, and has to fill the local queue.
func flood() {
	for n := range tasks {
		go task(n)
	}
}

// steady starts all tasks, and must not fill the local queue.
func steady() {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	for n := range tasks {
		go task(n)
	}
}
