// Wrong: debug.SetMaxThreads does not make do with fewer threads. It ends the
// program when one more is needed.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

const readers = 1000

// How long to stay although standard input has ended, to look by hand.
var hold = flag.Duration("hold", 0, "stay this long after standard input has ended")

func main() {
	flag.Parse()
	debug.SetMaxThreads(12)
	var reading, done sync.WaitGroup
	var ends []int
	// --- change from here ---
	for range readers {
		var pipe [2]int
		if err := syscall.Pipe(pipe[:]); err != nil {
			fail(err)
		}
		ends = append(ends, pipe[1])
		reading.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			data := make([]byte, 1)
			reading.Done()
			syscall.Read(pipe[0], data)
		}()
	}
	// --- to here ---
	reading.Wait()
	untilTold()
	for _, end := range ends {
		syscall.Write(end, []byte{1})
	}
	done.Wait()
}

// untilTold says that all is set up, and waits until standard input ends. The
// check looks at the program meanwhile.
func untilTold() {
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	time.Sleep(*hold)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
