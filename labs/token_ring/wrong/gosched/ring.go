package main

import (
	"runtime"
	"sync"
)

// ring lets the members take turns, each in its own goroutine, until all turns
// are taken.
func ring(t *token) {
	var done sync.WaitGroup
	for member := range members {
		done.Go(func() {
			for t.turns < turns {
				if t.turns%members == member {
					t.take(member)
				}
				runtime.Gosched()
			}
		})
	}
	done.Wait()
}
