package main

import "sync"

// ring lets the members take turns, each in its own goroutine, until all turns
// are taken. Each member has a channel, on which only it waits.
func ring(t *token) {
	var (
		seats [members]chan bool
		done  sync.WaitGroup
	)
	for member := range seats {
		seats[member] = make(chan bool, 1)
	}
	for member := range members {
		next := seats[(member+1)%members]
		done.Go(func() {
			for on := range seats[member] {
				if on {
					on = t.take(member)
				}
				next <- on
				if !on {
					return
				}
			}
		})
	}
	seats[0] <- true
	done.Wait()
}
