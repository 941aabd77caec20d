// locked has two goroutines hand a token back and forth, with none, one or
// both of them locked to a thread, and counts what a handover costs.
//
// Watch for: two goroutines on one P take turns on one thread, and the kernel
// knows nothing of it. A locked one can run on its own thread only, so each
// turn is a change of threads; if both are, a third thread is between.
//
//	GOMAXPROCS=1 ./locked -locked 0
//	GOMAXPROCS=1 ./locked -locked 2
package main

import (
	"flag"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Locked     int `json:"locked"`
	GOMAXPROCS int `json:"gomaxprocs"`
	// Changes from one goroutine to the other, two in each exchange.
	Changes int     `json:"changes"`
	NS      float64 `json:"ns_per_change"`
	// How often threads of this process slept, as the kernel counted it.
	ThreadSwitches int64 `json:"thread_switches"`
}

func main() {
	locked := flag.Int("locked", 0, "how many of the two goroutines are locked to a thread: 0, 1 or 2")
	exchanges := flag.Int("exchanges", 20000, "how often the token goes there and back")
	flag.Parse()
	if *locked < 0 || *locked > 2 {
		report.Fail(fmt.Errorf("locked: %d of two goroutines cannot be locked", *locked))
	}

	there, back := make(chan int), make(chan int)
	done := make(chan result)
	go func() {
		if *locked > 1 {
			runtime.LockOSThread()
		}
		for token := range there {
			back <- token
		}
	}()
	go func() {
		if *locked > 0 {
			// It ends locked, and its thread with it.
			runtime.LockOSThread()
		}
		done <- exchange(there, back, *exchanges)
	}()
	out := <-done
	out.Locked = *locked
	report.Print(out)
}

func exchange(there, back chan int, times int) result {
	// Threads that are needed are started by the first exchanges.
	for i := range 10 {
		there <- i
		<-back
	}
	before, begin := switches(), time.Now()
	for i := range times {
		there <- i
		<-back
	}
	took := time.Since(begin)
	return result{
		GOMAXPROCS:     runtime.GOMAXPROCS(0),
		Changes:        2 * times,
		NS:             float64(took.Nanoseconds()) / float64(2*times),
		ThreadSwitches: switches() - before,
	}
}

func switches() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		report.Fail(err)
	}
	return int64(usage.Nvcsw)
}
