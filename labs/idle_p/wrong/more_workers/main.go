// Wrong: more goroutines to wait for one lock.
package main

import (
	"encoding/json"
	"flag"
	"os"
	"sync"
)

const (
	chunks  = 40
	workers = 32
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
