// Two functions start 5000 goroutines each, on one P. flood has to make at
// least 1000 of them overflow: a local queue that is full gives half of itself
// to the global queue. steady has to start as many, and none may overflow.
//
// Watch for: how many goroutines fit into a local queue, and when does one
// that was started get to run? Both functions are in starts.go and are yours
// to change; this file is not.
//
//	go run . -how flood </dev/null
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

const tasks = 5000

var (
	pending sync.WaitGroup
	sum     atomic.Int64
)

// task is what each of the goroutines runs. It takes no time worth speaking
// of.
func task(n int) {
	sum.Add(int64(n))
	pending.Done()
}

func main() {
	how := flag.String("how", "flood", "what to do: flood or steady")
	flag.Parse()
	pending.Add(tasks)
	if *how == "flood" {
		flood()
	} else {
		steady()
	}
	pending.Wait()
	// The check looks at the program until its standard input ends.
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
