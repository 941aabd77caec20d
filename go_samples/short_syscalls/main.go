// short_syscalls makes many system calls that return at once, from many
// goroutines.
//
// Watch for: the number of threads stays small. A system call alone gives
// no P away; only one that lasts does.
//
//	GODEBUG=schedtrace=10 ./short_syscalls -goroutines 100
package main

import (
	"flag"
	"runtime"
	"sync"
	"syscall"

	"schedlab/samples/internal/report"
)

type result struct {
	Goroutines    int `json:"goroutines"`
	Calls         int `json:"calls"`
	GOMAXPROCS    int `json:"gomaxprocs"`
	ThreadsBefore int `json:"threads_before"`
	ThreadsAfter  int `json:"threads_after"`
}

func main() {
	goroutines := flag.Int("goroutines", 100, "how many goroutines make system calls")
	calls := flag.Int("calls", 10_000, "how many calls each of them makes")
	flag.Parse()

	zero, err := syscall.Open("/dev/zero", syscall.O_RDONLY, 0)
	if err != nil {
		report.Fail(err)
	}
	before := report.Threads()
	var all sync.WaitGroup
	all.Add(*goroutines)
	for range *goroutines {
		go func() {
			defer all.Done()
			if err := read(zero, *calls); err != nil {
				report.Fail(err)
			}
		}()
	}
	all.Wait()

	report.Print(result{
		Goroutines:    *goroutines,
		Calls:         *goroutines * *calls,
		GOMAXPROCS:    runtime.GOMAXPROCS(0),
		ThreadsBefore: before,
		ThreadsAfter:  report.Threads(),
	})
}

// read reads one byte at a time. The kernel has it ready: nothing blocks.
func read(file, times int) error {
	buffer := make([]byte, 1)
	for range times {
		if _, err := syscall.Read(file, buffer); err != nil {
			return err
		}
	}
	return nil
}
