package main

import "sync"

// ring lets the members take turns, each in its own goroutine, until all turns
// are taken.
func ring(t *token) {
	var (
		mu     sync.Mutex
		passed = sync.NewCond(&mu)
		done   sync.WaitGroup
	)
	for member := range members {
		done.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			for t.turns < turns {
				if t.turns%members == member {
					t.take(member)
					passed.Broadcast()
				} else {
					passed.Wait()
				}
			}
		})
	}
	done.Wait()
}
