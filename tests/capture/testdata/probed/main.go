// probed makes goroutines in a burst, preempts some, and ends as it is told.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	burst := flag.Int("burst", 0, "goroutines started by one that does not give way")
	yields := flag.Int("yields", 0, "calls of Gosched")
	spin := flag.Duration("spin", 0, "how long each of three goroutines computes")
	file := flag.String("trace", "", "write an execution trace")
	end := flag.String("end", "return", "how to end")
	again := flag.Bool("again", false, "start this program once more, and wait for it")
	flag.Parse()

	if *file != "" {
		opened, err := os.Create(*file)
		check(err)
		check(trace.Start(opened))
		defer opened.Close()
		defer trace.Stop()
	}
	if *again {
		check(exec.Command(os.Args[0], "-burst", "1000").Run())
	}
	bursting(*burst)
	for range *yields {
		runtime.Gosched()
	}
	spinning(*spin)
	ending(*end)
}

// bursting queues all goroutines before any can run, if there is one P.
func bursting(goroutines int) {
	var all sync.WaitGroup
	all.Add(goroutines)
	for range goroutines {
		go all.Done()
	}
	all.Wait()
}

// spinning computes without a call in three goroutines, longer than a time
// slice: they must be preempted.
func spinning(each time.Duration) {
	if each == 0 {
		return
	}
	var all sync.WaitGroup
	for range 3 {
		all.Add(1)
		var stop atomic.Bool
		time.AfterFunc(each, func() { stop.Store(true) })
		go func() {
			defer all.Done()
			for !stop.Load() {
			}
		}()
	}
	all.Wait()
}

func ending(how string) {
	switch how {
	case "return":
	case "exit":
		os.Exit(7)
	case "panic":
		panic("the end")
	case "deadlock":
		select {}
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	default:
		fmt.Println("unknown end")
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
