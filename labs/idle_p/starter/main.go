// Four workers compute 40 sums, each of which takes a few milliseconds. There
// are two Ps. One of them is idle nearly all of the time.
//
// Watch for: which Ps run a goroutine of this program, and what do the other
// goroutines wait for meanwhile? The sums must stay what they are; all else
// is yours to change.
//
//	go run . -seed 1
package main

import (
	"encoding/json"
	"flag"
	"os"
	"sync"
)

const (
	chunks  = 40
	workers = 4
)

func main() {
	seed := flag.Uint64("seed", 1, "where the sums begin")
	flag.Parse()

	results := newTable(*seed)
	numbers := make(chan int, chunks)
	for n := range chunks {
		numbers <- n
	}
	close(numbers)

	var done sync.WaitGroup
	for range workers {
		done.Add(1)
		go func() {
			defer done.Done()
			for n := range numbers {
				results.put(n)
			}
		}()
	}
	done.Wait()
	json.NewEncoder(os.Stdout).Encode(map[string]uint64{"total": results.total()})
}
