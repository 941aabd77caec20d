// Package program runs one of several small programs, chosen by its name.
package program

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"time"
)

// A Program is one case. Kind is what it suffers from; empty if it is well.
// Also names what else is true of it, by its make. The rest is how to run it.
type Program struct {
	Name            string   `json:"name"`
	Kind            string   `json:"kind"`
	Also            []string `json:"also"`
	Held            bool     `json:"held"`
	Procs           int      `json:"gomaxprocs"`
	QuotaCPUs       float64  `json:"quota_cpus"`
	AsyncPreemptOff bool     `json:"async_preempt_off"`

	Run func(end time.Time) `json:"-"`
}

// Main lists the cases, or runs the one that is named on the command line.
func Main(cases []Program) {
	list := flag.Bool("list", false, "print what cases there are, as JSON")
	name := flag.String("case", "", "the case to run")
	length := flag.Duration("for", time.Second, "for how long")
	flag.Parse()
	for i := range cases {
		// Two are enough to be ill, and each machine has them.
		cases[i].Procs = cmp.Or(cases[i].Procs, 2)
	}
	if *list {
		json.NewEncoder(os.Stdout).Encode(cases)
		return
	}
	i := slices.IndexFunc(cases, func(p Program) bool { return p.Name == *name })
	if i < 0 {
		fmt.Fprintf(os.Stderr, "there is no case %q; -list shows all\n", *name)
		os.Exit(2)
	}
	cases[i].Run(time.Now().Add(*length))
}

// HeldOut marks cases that no detector is tuned with.
func HeldOut(cases ...Program) []Program {
	for i := range cases {
		cases[i].Held = true
	}
	return cases
}

// Together runs that many goroutines and waits for them.
func Together(number int, work func(i int)) {
	var all sync.WaitGroup
	for i := range number {
		all.Go(func() { work(i) })
	}
	all.Wait()
}

// Spin computes for about that many steps; it makes no call and no garbage.
//
//go:noinline
func Spin(steps int) uint64 {
	x := uint64(steps) | 1
	for range steps {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// SpinFor computes for about that long if nobody takes the CPU away, on a fast
// machine as on a slow one.
func SpinFor(length time.Duration) uint64 {
	return Spin(int(float64(length) * stepsPerNanosecond))
}

var stepsPerNanosecond = func() float64 {
	const steps = 100_000
	fastest := time.Duration(math.MaxInt64)
	for range 5 {
		start := time.Now()
		Spin(steps)
		fastest = min(fastest, time.Since(start))
	}
	return steps / float64(fastest)
}()
