// Wrong: no task overflows, but now main goes through the global queue once for
// each of them.
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
	for n := range tasks {
		go task(n)
		runtime.Gosched()
	}
}
