// busy keeps its P busy in one of three ways while another goroutine wants
// to run, and sees whether the other had to wait until the end.
//
// Watch for: a loop that calls functions can be stopped at each call; one
// without calls only by a signal, since Go 1.14; assembly by neither.
//
//	GOMAXPROCS=1 ./busy -in loop
//	GOMAXPROCS=1 GODEBUG=asyncpreemptoff=1 ./busy -in loop
//	GOMAXPROCS=1 ./busy -in assembly
//	GOMAXPROCS=2 ./busy -in assembly -want collect
package main

import (
	"flag"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	In         string `json:"in"`
	Want       string `json:"want"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	Turns      int    `json:"turns"`
	// In how many of them the other had what it wants in the loop's first half.
	Interrupted int `json:"interrupted"`
	// How long each loop took, and how long the other waited in each turn.
	BusyNS   []int64 `json:"busy_ns"`
	WaitedNS []int64 `json:"waited_ns"`
}

var loops = map[string]func(rounds int){
	"loop":     func(rounds int) { report.Spin(rounds) },
	"calls":    withCalls,
	"assembly": inAssembly,
}

// Others want one of these, while the loop goes on.
var wishes = map[string]func(){
	"run":     func() {},
	"collect": runtime.GC,
}

func main() {
	in := flag.String("in", "loop", "what keeps the P busy: loop, calls or assembly")
	want := flag.String("want", "run", "what the other goroutine wants: run, or collect (garbage)")
	length := flag.Duration("for", 50*time.Millisecond, "about how long a loop takes")
	turns := flag.Int("turns", 3, "how many times")
	flag.Parse()

	loop, wish := loops[*in], wishes[*want]
	if loop == nil || wish == nil {
		report.Fail(fmt.Errorf("busy: there is no loop %q, or no wish %q", *in, *want))
	}
	out := result{In: *in, Want: *want, GOMAXPROCS: runtime.GOMAXPROCS(0), Turns: *turns}
	rounds := roundsFor(loop, *length)
	for range *turns {
		busy, waited := turn(func() { loop(rounds) }, wish)
		out.BusyNS = append(out.BusyNS, busy.Nanoseconds())
		out.WaitedNS = append(out.WaitedNS, waited.Nanoseconds())
		if 2*waited < busy {
			out.Interrupted++
		}
	}
	report.Print(out)
}

// turn is busy, and says for how long; and how long the other goroutine
// waited from the loop's beginning until it had what it wants.
func turn(busy func(), wish func()) (took, waited time.Duration) {
	var begun atomic.Bool
	over := make(chan time.Time)
	ready := make(chan struct{})
	go func() {
		close(ready)
		// With one P this runs when the loop was interrupted, or is over.
		for !begun.Load() {
			runtime.Gosched()
		}
		wish()
		over <- time.Now()
	}()
	<-ready
	begin := time.Now()
	begun.Store(true)
	busy()
	took = time.Since(begin)
	return took, (<-over).Sub(begin)
}

// roundsFor tries how many rounds take that long.
func roundsFor(loop func(rounds int), length time.Duration) int {
	rounds, best := 1_000_000, time.Duration(1<<62)
	for range 3 {
		begin := time.Now()
		loop(rounds)
		best = min(best, time.Since(begin))
	}
	return int(float64(rounds) * float64(length) / float64(max(best, 1)))
}

func withCalls(rounds int) {
	for i := range rounds {
		called(i)
	}
}

// called has a frame that is too large to go without a look at the stack's
// end: that look is where a goroutine can be stopped.
//
//go:noinline
func called(i int) int {
	var frame [256]byte
	frame[i&255] = 1
	return int(frame[(i+1)&255])
}
