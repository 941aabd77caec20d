// Wrong: nobody waits for a lock any more, as there is nobody else.
package main

import (
	"encoding/json"
	"flag"
	"os"
)

const (
	chunks = 40
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

	for n := range numbers {
		results.put(n)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]uint64{"total": results.total()})
}
