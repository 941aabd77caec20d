// all_states has goroutines in every state that a goroutine can be in, for
// somebody to look at from outside.
//
// Watch for: each function below keeps a goroutine in one state: running or
// runnable, waiting, in a system call, having its stack moved, dead. While
// garbage is collected, stacks are scanned. In the end the collector looks
// for goroutines that can never go on.
//
//	GODEBUG=schedtrace=50,scheddetail=1 ./all_states -for 1s
package main

import (
	"flag"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync/atomic"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	GOMAXPROCS int `json:"gomaxprocs"`
	// Goroutines that were started and ended, stacks that were grown.
	Ended int64 `json:"ended"`
	Grown int64 `json:"grown"`
	// How many goroutines the collector found leaked; -1 if this Go release
	// does not look for them.
	Leaked int `json:"leaked"`
}

var over atomic.Bool

func main() {
	length := flag.Duration("for", 100*time.Millisecond, "how long to keep the states")
	hold := flag.Duration("hold", 10*time.Millisecond, "how long to go on after looking for leaks")
	computers := flag.Int("computers", 3, "how many goroutines compute")
	stack := flag.Int("stack", 8<<20, "bytes of stack to grow to, again and again")
	flag.Parse()

	// No collection but those that are asked for.
	debug.SetGCPercent(-1)
	var ended, grown atomic.Int64
	for range *computers {
		go compute()
	}
	gate := make(chan struct{})
	go wait(gate)
	go sleep()
	go forever()
	for range 3 {
		go leak()
	}
	pipe := make([]int, 2)
	if err := syscall.Pipe(pipe); err != nil {
		report.Fail(err)
	}
	go inSyscall(pipe[0])
	go startAndEnd(&ended)
	go grow(*stack, &grown)

	for end := time.Now().Add(*length); time.Now().Before(end); {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
	over.Store(true)
	leaked := findLeaks()
	time.Sleep(*hold)
	close(gate)
	if _, err := syscall.Write(pipe[1], make([]byte, 1)); err != nil {
		report.Fail(err)
	}
	report.Print(result{runtime.GOMAXPROCS(0), ended.Load(), grown.Load(), leaked})
}

// compute is running, or runnable while others run.
func compute() {
	for !over.Load() {
		report.Spin(100_000)
	}
}

// wait waits for what another goroutine does in the end.
func wait(gate chan struct{}) {
	<-gate
}

// sleep waits for a timer.
func sleep() {
	for !over.Load() {
		time.Sleep(time.Millisecond)
	}
}

// forever waits for nothing at all.
func forever() {
	select {}
}

// leak waits for a value from a channel that nobody else knows.
func leak() {
	<-make(chan int)
}

// inSyscall blocks in the kernel.
func inSyscall(pipe int) {
	if _, err := syscall.Read(pipe, make([]byte, 1)); err != nil {
		report.Fail(err)
	}
}

// startAndEnd starts goroutines that end at once.
func startAndEnd(ended *atomic.Int64) {
	for !over.Load() {
		done := make(chan struct{})
		go func() { ended.Add(1); close(done) }()
		<-done
		time.Sleep(100 * time.Microsecond)
	}
}

// grow has goroutines whose stacks are moved until they are that large.
func grow(bytes int, grown *atomic.Int64) {
	for !over.Load() {
		done := make(chan struct{})
		go func() { descend(bytes); close(done) }()
		<-done
		grown.Add(1)
		time.Sleep(time.Millisecond)
	}
}

//go:noinline
func descend(bytes int) {
	var frame [1000]byte
	if bytes > len(frame) {
		descend(bytes - len(frame))
	}
	runtime.KeepAlive(&frame)
}

func findLeaks() int {
	profile := pprof.Lookup("goroutineleak")
	if profile == nil {
		return -1
	}
	if err := profile.WriteTo(io.Discard, 0); err != nil {
		report.Fail(err)
	}
	return profile.Count()
}
