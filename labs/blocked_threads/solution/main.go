// A thousand goroutines wait for data, each on a pipe of its own, all at once,
// on a handful of threads: they wait in the network poller, not in read(2).
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const readers = 1000

// How long to stay although standard input has ended, to look by hand.
var hold = flag.Duration("hold", 0, "stay this long after standard input has ended")

func main() {
	flag.Parse()
	var reading, done sync.WaitGroup
	var ends []*os.File
	// --- change from here ---
	for range readers {
		// os.Pipe puts both ends into non-blocking mode and registers them with
		// the network poller: a Read that finds nothing parks its goroutine.
		from, to, err := os.Pipe()
		if err != nil {
			fail(err)
		}
		ends = append(ends, to)
		reading.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			data := make([]byte, 1)
			reading.Done()
			from.Read(data)
		}()
	}
	// --- to here ---
	reading.Wait()
	untilTold()
	for _, end := range ends {
		end.Write([]byte{1})
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
