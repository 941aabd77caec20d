// woken has one goroutine wake many others at once and then compute, so
// that they can be seen where they were put.
//
// Watch for: what a goroutine makes runnable goes into the local queue of
// its own P; the global queue stays empty.
//
//	GOMAXPROCS=1 GODEBUG=asyncpreemptoff=1,schedtrace=5 ./woken
package main

import (
	"flag"
	"runtime"
	"sync"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	GOMAXPROCS int `json:"gomaxprocs"`
	Goroutines int `json:"goroutines"`
	Turns      int `json:"turns"`
}

func main() {
	goroutines := flag.Int("goroutines", 100, "how many goroutines wait and are woken")
	length := flag.Duration("for", 100*time.Millisecond, "how long to go on")
	rounds := flag.Int("rounds", 10_000_000, "rounds that the waker computes, each a few cycles")
	flag.Parse()

	gate := make(chan struct{})
	var awake sync.WaitGroup
	for range *goroutines {
		go func() {
			for range gate {
				awake.Done()
			}
		}()
	}
	turns := 0
	for end := time.Now().Add(*length); time.Now().Before(end); turns++ {
		// All of them reach the gate, and wait there.
		time.Sleep(2 * time.Millisecond)
		awake.Add(*goroutines)
		for range *goroutines {
			gate <- struct{}{}
		}
		report.Spin(*rounds)
		awake.Wait()
	}
	report.Print(result{runtime.GOMAXPROCS(0), *goroutines, turns})
}
