// parallel does a fixed amount of computing in a number of goroutines, and
// says how long that took.
//
// Watch for: the rate grows with GOMAXPROCS up to the processors that the
// machine (or its CPU quota) gives, and no further.
//
//	GOMAXPROCS=1 ./parallel
//	./parallel -report
package main

import (
	"flag"
	"runtime"
	"sync"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Release    string  `json:"release"`
	GOMAXPROCS int     `json:"gomaxprocs"`
	NumCPU     int     `json:"num_cpu"`
	Threads    int     `json:"threads"`
	Goroutines int     `json:"goroutines"`
	Rounds     int     `json:"rounds"`
	ElapsedNS  int64   `json:"elapsed_ns"`
	PauseMS    float64 `json:"sleep_ms"`
}

func main() {
	goroutines := flag.Int("goroutines", 64, "how many goroutines share the work")
	rounds := flag.Int("rounds", 200_000_000, "rounds of computing in all")
	sleep := flag.Duration("sleep", 0, "sleep of each goroutine after each of its 10 parts, as if it waited for I/O")
	only := flag.Bool("report", false, "do no work: say what this Go release chose")
	flag.Parse()
	if *only {
		*rounds = 0
	}

	begin := time.Now()
	work(*goroutines, *rounds, *sleep)
	report.Print(result{
		Release:    runtime.Version(),
		GOMAXPROCS: runtime.GOMAXPROCS(0),
		NumCPU:     runtime.NumCPU(),
		Threads:    report.Threads(),
		Goroutines: *goroutines,
		Rounds:     *rounds,
		ElapsedNS:  time.Since(begin).Nanoseconds(),
		PauseMS:    float64(sleep.Microseconds()) / 1000,
	})
}

func work(goroutines, rounds int, sleep time.Duration) {
	const parts = 10
	var all sync.WaitGroup
	all.Add(goroutines)
	for range goroutines {
		go func() {
			defer all.Done()
			for range parts {
				report.Spin(rounds / goroutines / parts)
				time.Sleep(sleep)
			}
		}()
	}
	all.Wait()
}
