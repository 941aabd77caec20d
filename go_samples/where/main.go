// where notes on which threads one goroutine runs, and which other
// goroutines run on the same ones: as it is, and locked to its thread.
//
// Watch for: a goroutine changes threads now and then. One that called
// runtime.LockOSThread never does, and nobody else runs on its thread.
// While packages are initialised the main goroutine is locked without asking.
//
//	GOMAXPROCS=2 ./where
package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"schedlab/samples/internal/report"
)

// A stay is where a goroutine was for a while.
type stay struct {
	// On how many threads it was seen.
	Threads int `json:"threads"`
	// Others that began while it was there, and those of them that began
	// on a thread of its.
	Others    int `json:"others"`
	Strangers int `json:"strangers"`
}

type result struct {
	GOMAXPROCS int  `json:"gomaxprocs"`
	InInit     stay `json:"in_init"`
	Free       stay `json:"free"`
	Locked     stay `json:"locked"`
	// Whether the number that the system has for the thread is known.
	Known bool `json:"known"`
}

// How long one look takes.
const while = 150 * time.Millisecond

var inInit stay

func init() {
	inInit = look()
}

func main() {
	out := result{GOMAXPROCS: runtime.GOMAXPROCS(0), InInit: inInit, Known: threadID() != 0}
	out.Free = inGoroutine(look)
	out.Locked = inGoroutine(func() stay {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		return look()
	})
	report.Print(out)
}

func inGoroutine(f func() stay) stay {
	found := make(chan stay)
	go func() { found <- f() }()
	return <-found
}

// look gives way again and again, in a crowd of others who do the same, and
// notes the thread each time. Each turn a new goroutine notes its own.
func look() stay {
	var over atomic.Bool
	var crowd, others sync.WaitGroup
	for range 4 {
		crowd.Add(1)
		go func() {
			defer crowd.Done()
			for !over.Load() {
				report.Spin(5000)
				runtime.Gosched()
			}
		}()
	}
	mine := map[int]bool{}
	var theirs []*int
	for end := time.Now().Add(while); time.Now().Before(end); {
		mine[threadID()] = true
		its := new(int)
		theirs = append(theirs, its)
		others.Add(1)
		go func() {
			defer others.Done()
			*its = threadID()
		}()
		report.Spin(5000)
		runtime.Gosched()
	}
	others.Wait()
	over.Store(true)
	crowd.Wait()
	found := stay{Threads: len(mine), Others: len(theirs)}
	for _, thread := range theirs {
		if mine[*thread] {
			found.Strangers++
		}
	}
	return found
}
