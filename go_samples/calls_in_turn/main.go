// calls_in_turn has one goroutine block in the kernel again and again, one
// call after the other, while another computes.
//
// Watch for: the P goes to another thread in each call, but no new thread is
// needed for it after the first. When a call returns and no P is free, the
// goroutine waits for one, although its thread is there.
//
//	GOMAXPROCS=1 ./calls_in_turn
package main

import (
	"flag"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	GOMAXPROCS    int `json:"gomaxprocs"`
	Calls         int `json:"calls"`
	ThreadsBefore int `json:"threads_before"`
	ThreadsAfter  int `json:"threads_after"`
}

func main() {
	calls := flag.Int("calls", 10, "how many calls, one after the other")
	hold := flag.Duration("hold", 30*time.Millisecond, "how long each blocks")
	flag.Parse()

	pipe := make([]int, 2)
	if err := syscall.Pipe(pipe); err != nil {
		report.Fail(err)
	}
	var over atomic.Bool
	go func() {
		for !over.Load() {
			report.Spin(10_000)
		}
	}()
	out := result{GOMAXPROCS: runtime.GOMAXPROCS(0), Calls: *calls}
	// The first two calls start what threads there are to start.
	block(pipe, 2, *hold)
	out.ThreadsBefore = report.Threads()
	block(pipe, *calls, *hold)
	out.ThreadsAfter = report.Threads()
	over.Store(true)
	report.Print(out)
}

// block reads from a pipe into which somebody writes a while later.
func block(pipe []int, times int, hold time.Duration) {
	for range times {
		time.AfterFunc(hold, func() {
			if _, err := syscall.Write(pipe[1], make([]byte, 1)); err != nil {
				report.Fail(err)
			}
		})
		if _, err := syscall.Read(pipe[0], make([]byte, 1)); err != nil {
			report.Fail(err)
		}
	}
}
