// queue_costs times the scheduler's own steps on its run queues, which the
// build lays over the runtime, and prints what each round took.
package main

import (
	"encoding/json"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	_ "unsafe" // for go:linkname
)

//go:linkname queueCosts runtime.schedlabQueueCosts
func queueCosts(kind int) (ns int64, steps int)

// In the order of the hook's numbers.
var kinds = []string{"clock", "local", "global", "global_batch", "steal_one", "steal_half"}

func main() {
	rounds, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	// The kinds take turns, so that what disturbs the machine disturbs all alike.
	found := map[string][]float64{}
	for range rounds {
		for number, kind := range kinds {
			ns, steps := queueCosts(number)
			if ns >= 0 {
				found[kind] = append(found[kind], float64(ns)/float64(steps))
			}
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		panic(err)
	}
}
