// mysteries answers requests, and has one of three things wrong with it.
//
// Watch for: nothing in this file before you have looked at the timeline. The
// three cases have neutral names, so that the stacks do not tell; record one
// with schedlab trace mysteries -- -case 1, and look.
//
//	./mysteries -case 1 -for 1s
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Case    int   `json:"case"`
	Answers int64 `json:"answers"`
	// How often what is wrong was done, so that nobody has to guess.
	Wrongs int64 `json:"wrongs"`
}

var (
	answers, wrongs atomic.Int64
	guard           sync.Mutex
)

func main() {
	number := flag.Int("case", 1, "which of the three")
	length := flag.Duration("for", time.Second, "how long")
	flag.Parse()
	cases := []func(end time.Time){first, second, third}
	if *number < 1 || *number > len(cases) {
		report.Fail(fmt.Errorf("there is no case %d", *number))
	}
	cases[*number-1](time.Now().Add(*length))
	report.Print(result{Case: *number, Answers: answers.Load(), Wrongs: wrongs.Load()})
	os.Exit(0)
}

// serve answers requests on several goroutines until the end.
func serve(end time.Time, handle func()) {
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for time.Now().Before(end) {
				time.Sleep(2 * time.Millisecond)
				handle()
				answers.Add(1)
			}
		}()
	}
	all.Wait()
}

// first: now and then something else computes on every P, for much longer
// than a request takes.
func first(end time.Time) {
	go func() {
		for {
			time.Sleep(50 * time.Millisecond)
			wrongs.Add(1)
			var all sync.WaitGroup
			for range 2 * runtime.GOMAXPROCS(0) {
				all.Add(1)
				go summarize(&all)
			}
			all.Wait()
		}
	}()
	serve(end, func() { report.Spin(20_000) })
}

func summarize(all *sync.WaitGroup) {
	defer all.Done()
	report.Spin(60_000_000)
}

// second: all work is done while a lock is held.
func second(end time.Time) {
	serve(end, func() {
		guard.Lock()
		defer guard.Unlock()
		report.Spin(1_000_000)
		wrongs.Add(1)
	})
}

// third: somebody who wants to know how much memory there is stops the
// world for it, again and again.
func third(end time.Time) {
	go func() {
		var stats runtime.MemStats
		for {
			runtime.ReadMemStats(&stats)
			wrongs.Add(1)
			time.Sleep(500 * time.Microsecond)
		}
	}()
	serve(end, func() { report.Spin(20_000) })
}
