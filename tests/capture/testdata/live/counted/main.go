// counted holds goroutines of each kind, says how many there are, and stays
// until it is killed, or ends as its flags say.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

var sink []byte

func main() {
	waiting := flag.Int("waiting", 0, "goroutines that wait")
	spinning := flag.Int("spinning", 0, "goroutines that run for ever")
	collections := flag.Int("collections", 0, "how often to collect")
	noise := flag.Int("noise", 0, "lines on standard error")
	exit := flag.Int("exit", -1, "leave at once with this status")
	flag.Parse()

	for range *collections {
		sink = make([]byte, 1<<20)
		runtime.GC()
	}
	for i := range *noise {
		fmt.Fprintf(os.Stderr, "noise %d SCHEDULED gc 1 @ nothing\n", i)
	}
	var started sync.WaitGroup
	started.Add(*waiting)
	for range *waiting {
		go func() {
			started.Done()
			select {}
		}()
	}
	started.Wait()
	for range *spinning {
		go func() {
			for {
			}
		}()
	}
	fmt.Printf("{\"goroutines\":%d}\n", runtime.NumGoroutine())
	if *exit >= 0 {
		os.Exit(*exit)
	}
	time.Sleep(time.Hour)
}
