// meet_gmp starts many goroutines that only compute, all at once.
//
// Watch for: the number of threads stays near GOMAXPROCS however many
// goroutines there are, and the goroutines that are not running wait in
// queues: up to 256 in each P's own, the rest in the global one.
//
//	GODEBUG=schedtrace=20 ./meet_gmp -goroutines 1000
package main

import (
	"flag"
	"runtime"
	"sync"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Goroutines int   `json:"goroutines"`
	Rounds     int   `json:"rounds"`
	GOMAXPROCS int   `json:"gomaxprocs"`
	NumCPU     int   `json:"num_cpu"`
	Threads    int   `json:"threads"`
	ElapsedNS  int64 `json:"elapsed_ns"`
}

func main() {
	goroutines := flag.Int("goroutines", 1000, "how many goroutines to start")
	rounds := flag.Int("rounds", 200_000, "rounds that each goroutine computes; a round is a few cycles")
	flag.Parse()

	begin := time.Now()
	var all sync.WaitGroup
	all.Add(*goroutines)
	for range *goroutines {
		go func() {
			defer all.Done()
			report.Spin(*rounds)
		}()
	}
	all.Wait()

	report.Print(result{
		Goroutines: *goroutines,
		Rounds:     *rounds,
		GOMAXPROCS: runtime.GOMAXPROCS(0),
		NumCPU:     runtime.NumCPU(),
		// A thread that ran a goroutine is kept for later, so this is also
		// the most there ever were.
		Threads:   report.Threads(),
		ElapsedNS: time.Since(begin).Nanoseconds(),
	})
}
