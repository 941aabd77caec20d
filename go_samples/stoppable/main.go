// stoppable stops the world again and again while a goroutine is in the
// middle of a step, and says how long the stop took, and whether the step was
// over by then.
//
// Watch for: a loop without any call is stopped within microseconds, by a
// signal. A copy of a large array is not: it is one step of the runtime's
// own, in which no goroutine can be stopped, so everybody waits for its end.
//
//	./stoppable -victim loop
//	./stoppable -victim copy
//	GODEBUG=asyncpreemptoff=1 ./stoppable -victim loop
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
	Victim  string  `json:"victim"`
	StepNS  int64   `json:"step_ns"`  // one step that nobody disturbs
	StopsNS []int64 `json:"stops_ns"` // from the wish to stop until the world runs again
	Ended   int     `json:"ended"`    // stops at whose end the step was over
}

func main() {
	victim := flag.String("victim", "loop", "what the other goroutine does: loop or copy")
	megabytes := flag.Int("mb", 256, "MiB that a copy copies")
	rounds := flag.Int("rounds", 60_000_000, "rounds of the loop")
	stops := flag.Int("stops", 12, "how often to stop the world")
	flag.Parse()

	var step func()
	switch *victim {
	case "loop":
		step = func() { report.Spin(*rounds) }
	case "copy":
		array := make([]byte, *megabytes<<20)
		step = func() { copy(array[1:], array) }
	default:
		report.Fail(fmt.Errorf("-victim: %q is neither loop nor copy", *victim))
	}
	step() // touches the memory
	begin := time.Now()
	step()
	found := result{Victim: *victim, StepNS: time.Since(begin).Nanoseconds()}

	var steps atomic.Int64
	var enough atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for !enough.Load() {
			step()
			steps.Add(1)
		}
	}()
	var stats runtime.MemStats
	for range *stops {
		time.Sleep(3 * time.Millisecond)
		before, begin := steps.Load(), time.Now()
		runtime.ReadMemStats(&stats) // needs the world stopped, for a moment
		found.StopsNS = append(found.StopsNS, time.Since(begin).Nanoseconds())
		time.Sleep(100 * time.Microsecond) // so that a step that is over is counted
		if steps.Load() > before {
			found.Ended++
		}
	}
	enough.Store(true)
	<-ended
	report.Print(found)
}
