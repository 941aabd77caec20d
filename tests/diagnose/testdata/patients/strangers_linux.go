package main

import (
	"runtime"
	"sync"
	"time"

	"patients/program"
)

var strangersPinned = []program.Program{
	{Name: "expiry_on_a_polite_thread", Kind: "run queue imbalance", Also: []string{"P starvation"}, Run: expiryOnAPoliteThread},
}

// expiryOnAPoliteThread: who tells the owners of sessions that expired is
// started by a thread that hardly gets its CPU, and waits in the queue of that
// thread's P. The other P has an encoder, and never looks there (findRunnable
// in runtime/proc.go asks the global queue first, where the encoder waits).
func expiryOnAPoliteThread(end time.Time) {
	var owners, threads sync.WaitGroup
	threads.Go(func() {
		runtime.LockOSThread()
		bindToFirstCPU()
		beNice(19)
		for time.Now().Before(end) {
			for range 5 {
				owners.Go(func() { // ill: expiry_on_a_polite_thread
					program.SpinFor(20 * time.Microsecond) // ill: expiry_on_a_polite_thread
				})
			}
			program.SpinFor(300 * time.Microsecond) // ill: expiry_on_a_polite_thread
		}
	})
	threads.Go(func() {
		runtime.LockOSThread()
		bindToFirstCPU()
		for time.Now().Before(end) {
			program.SpinFor(3 * time.Millisecond)
		}
	})
	threads.Wait()
	owners.Wait()
}
