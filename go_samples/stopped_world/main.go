// stopped_world keeps the world stopped for a while. It writes a dump of its
// heap, which is done with the world stopped, into a pipe that nobody reads
// for that time.
//
// Watch for: from outside, all Ps have the status _Pgcstop: those whose
// goroutine computed, that whose goroutine is in a system call, and the idle
// ones. The goroutine that computes notices a hole in time.
//
//	./stopped_world -hold 5s & schedlab xray $! --once
package main

import (
	"flag"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	StoppedNS int64 `json:"stopped_ns"` // how long the dump took
	GapNS     int64 `json:"gap_ns"`     // the longest time in which the goroutine that computes did nothing
}

func main() {
	hold := flag.Duration("hold", 300*time.Millisecond, "how long the world stays stopped")
	before := flag.Duration("before", 200*time.Millisecond, "how long the program runs before that")
	reader := flag.Bool("reader", false, "be the process that reads the pipe, too late")
	flag.Parse()
	if *reader {
		time.Sleep(*hold)
		if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
			report.Fail(err)
		}
		return
	}

	ballast := make([]*[512]byte, 1024) // makes the dump larger than a pipe
	for i := range ballast {
		ballast[i] = new([512]byte)
	}
	var over atomic.Bool
	gap := make(chan int64)
	go func() { gap <- compute(&over) }()
	go inSystemCall(*before + *hold + time.Second)
	report.Print(map[string]bool{"computing": true})
	time.Sleep(*before)

	pipe, ended := lateReader(*hold)
	report.Print(map[string]bool{"stopping": true})
	begin := time.Now()
	debug.WriteHeapDump(pipe.Fd())
	found := result{StoppedNS: time.Since(begin).Nanoseconds()}
	if err := pipe.Close(); err != nil {
		report.Fail(err)
	}
	ended()
	over.Store(true)
	found.GapNS = <-gap
	runtime.KeepAlive(ballast)
	report.Print(found)
}

// compute gives the longest time between two of its steps.
func compute(over *atomic.Bool) int64 {
	var longest time.Duration
	for last := time.Now(); !over.Load(); {
		report.Spin(20_000_000)
		now := time.Now()
		longest, last = max(longest, now.Sub(last)), now
	}
	return longest.Nanoseconds()
}

func inSystemCall(length time.Duration) {
	pause := syscall.NsecToTimespec(length.Nanoseconds())
	_ = syscall.Nanosleep(&pause, nil)
}

// lateReader starts this program once more, to read a pipe after a while.
func lateReader(hold time.Duration) (*os.File, func()) {
	out, in, err := os.Pipe()
	if err != nil {
		report.Fail(err)
	}
	self, err := os.Executable()
	if err != nil {
		report.Fail(err)
	}
	command := exec.Command(self, "-reader", "-hold", hold.String())
	command.Stdin = out
	if err := command.Start(); err != nil {
		report.Fail(err)
	}
	return in, func() {
		if err := command.Wait(); err != nil {
			report.Fail(err)
		}
	}
}
