// patients behaves badly in one way, or well, for a while.
//
// Watch for: what a diagnosis says of each -case, and that it says nothing
// of those that are well.
//
//	./patients -case starvation -for 1s
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"sort"
	"time"
)

var cases = map[string]func(end time.Time){
	"starvation":    starvation,
	"imbalance":     imbalance,
	"threads":       threads,
	"syscalls":      syscalls,
	"convoy":        convoy,
	"pingpong":      pingPong,
	"assists":       assists,
	"wakes":         wakes,
	"unpreemptible": unpreemptible,
	"timers":        timers,

	"well-idle":     wellIdle,
	"well-compute":  wellCompute,
	"well-pipeline": wellPipeline,
	"well-timers":   wellTimers,
	"well-garbage":  wellGarbage,
	"well-mutex":    wellMutex,
	"well-files":    wellFiles,
	"well-requests": wellRequests,
	"well-burst":    wellBurst,
}

func main() {
	name := flag.String("case", "", "how to behave")
	length := flag.Duration("for", time.Second, "for how long")
	flag.Parse()
	behave, known := cases[*name]
	if !known {
		var names []string
		for one := range cases {
			names = append(names, one)
		}
		sort.Strings(names)
		fmt.Fprintln(os.Stderr, "the cases are", slices.Compact(names))
		os.Exit(2)
	}
	behave(time.Now().Add(*length))
}
