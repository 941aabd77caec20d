// workloads runs one of several small programs that put the scheduler to
// work in different ways, so that a simulation of it can be held against it.
//
// Watch for: how long it takes with one P and with two, and what the probes
// count: queues that overflow, goroutines that are stolen, threads woken.
//
//	./workloads -kind yield
//	./workloads -kind echo -trace echo.trace
package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/trace"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Kind       string `json:"kind"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	NS         int64  `json:"ns"`
	// WaitedNS is how long its threads waited for a CPU meanwhile.
	WaitedNS int64 `json:"waited_ns"`
	// SpinsNS is how long its bit of computing took, again and again.
	SpinsNS []int64 `json:"spins_ns,omitempty"`
}

// A size says how much of it there is.
type size struct {
	goroutines, turns int
	spin              int // of report.Spin
	sleep             time.Duration
}

type kind struct {
	size
	run func(size)
}

// spin is about 100 µs of computing; how long it really is, a trace says.
const spin = 50_000

var kinds = map[string]kind{
	"yield":    {size{1000, 20, spin, 0}, yield},
	"mixed":    {size{1000, 20, spin, time.Millisecond}, mixed},
	"over":     {size{40, 100, spin, time.Millisecond}, mixed},
	"light":    {size{8, 200, spin, time.Millisecond}, mixed},
	"pingpong": {size{2, 5000, spin / 20, 0}, pingpong},
	"produce":  {size{4, 4000, spin, 0}, produce},
	"fan":      {size{50, 100, spin / 2, 0}, fan},
	"syscalls": {size{8, 50, spin, 2 * time.Millisecond}, syscalls},
	"echo":     {size{4, 500, spin / 10, 0}, echo},
	"collect":  {size{4, 1500, spin, 0}, collect},
	"threads":  {size{2, 1000, 0, 0}, threads},
}

func main() {
	name := flag.String("kind", "yield", "which: yield, mixed, over, light, pingpong, produce, fan, syscalls, echo, collect, threads")
	to := flag.String("trace", "", "write an execution trace of it to this file")
	goroutines := flag.Int("goroutines", 0, "how many, if not as many as usual")
	turns := flag.Int("turns", 0, "how many turns, if not as many as usual")
	precede := flag.Bool("precede", false, "take precedence over other processes, where that is allowed")
	warmUp := flag.Bool("warm-up", false, "compute for a moment and end")
	flag.Parse()
	if *warmUp {
		report.WarmUp()
		return
	}
	if *precede {
		report.Precede("-warm-up")
	}
	chosen, ok := kinds[*name]
	if !ok {
		report.Fail(fmt.Errorf("there is no kind %q", *name))
	}
	if *goroutines > 0 {
		chosen.goroutines = *goroutines
	}
	if *turns > 0 {
		chosen.turns = *turns
	}
	if *name != "collect" {
		// The collector is what only one of them is about.
		debug.SetGCPercent(-1)
	}
	var spins []int64
	if *to != "" {
		spins = measure(chosen.spin)
	}
	stop := report.Trace(*to)
	waited := report.WaitedNS()
	began := time.Now()
	trace.WithRegion(context.Background(), "workload", func() { chosen.run(chosen.size) })
	took := time.Since(began)
	waited = report.WaitedNS() - waited
	stop()
	report.Print(result{*name, runtime.GOMAXPROCS(0), took.Nanoseconds(), waited, spins})
}

// measure computes on every P at once, and says how long each time took.
func measure(rounds int) []int64 {
	const times = 500
	took := make([]int64, times*runtime.GOMAXPROCS(0))
	each(runtime.GOMAXPROCS(0), func(number int) {
		for turn := range times {
			began := time.Now()
			report.Spin(rounds)
			took[number*times+turn] = time.Since(began).Nanoseconds()
		}
	})
	return took
}
