// c_callbacks has goroutines that wait for a channel: some in plain Go, some
// in a Go function that C code has called.
//
// Watch for: who waits below C keeps a thread, because C's frames are on it.
//
//	./c_callbacks -goroutines 20
package main

/*
extern void wait_in_go(void);

static void call_back(void) { wait_in_go(); }
*/
import "C"

import (
	"flag"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Goroutines    int `json:"goroutines"`
	GOMAXPROCS    int `json:"gomaxprocs"`
	ThreadsBefore int `json:"threads_before"`
	// While so many goroutines wait in Go, and then in a callback.
	ThreadsInGo       int `json:"threads_in_go"`
	ThreadsInCallback int `json:"threads_in_callback"`
}

var (
	gate    chan struct{}
	waiting atomic.Int64
)

func main() {
	goroutines := flag.Int("goroutines", 20, "how many goroutines wait")
	flag.Parse()

	r := result{Goroutines: *goroutines, GOMAXPROCS: runtime.GOMAXPROCS(0), ThreadsBefore: report.Threads()}
	r.ThreadsInGo = threads(*goroutines, wait)
	r.ThreadsInCallback = threads(*goroutines, func() { C.call_back() })
	report.Print(r)
}

func wait() {
	waiting.Add(1)
	<-gate
}

// threads counts them while n goroutines are below f.
func threads(n int, f func()) int {
	gate = make(chan struct{})
	waiting.Store(0)
	var all sync.WaitGroup
	for range n {
		all.Add(1)
		go func() {
			defer all.Done()
			f()
		}()
	}
	for waiting.Load() < int64(n) {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond)
	found := report.Threads()
	close(gate)
	all.Wait()
	return found
}
