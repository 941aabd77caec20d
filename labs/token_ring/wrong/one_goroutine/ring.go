package main

import "sync"

// ring lets the members take turns, all by one goroutine: there is nobody to
// wake.
func ring(t *token) {
	var done sync.WaitGroup
	done.Go(func() {
		for member := 0; t.take(member); {
			member = (member + 1) % members
		}
	})
	done.Wait()
}
