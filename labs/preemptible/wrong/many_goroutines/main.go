// A watchdog has to wake up while main computes, on one P. The check turns
// asynchronous preemption off, as it is on a platform without signals: a
// goroutine can then be stopped only where it looks by itself whether it has
// been asked to.
//
// Watch for: how often is main asked to give way, and how often does it? The
// loop is in compute.go and is yours to change; this file is not.
//
//	GODEBUG=asyncpreemptoff=1 GOMAXPROCS=1 go run . </dev/null
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

const rounds = 300_000_000

func main() {
	seed := flag.Uint64("seed", 1, "where the numbers begin")
	flag.Parse()
	// The watchdog: it sleeps, and looks at what time it is when it wakes.
	wakes := 0
	go func() {
		for {
			time.Sleep(5 * time.Millisecond)
			wakes++
		}
	}()
	time.Sleep(time.Millisecond)
	fmt.Println(compute(*seed))
	// The check looks at the program until its standard input ends.
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
