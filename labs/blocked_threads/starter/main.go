// A thousand goroutines wait for data, each on a pipe of its own. They have
// to wait all at once, and the process may have no more than 12 threads.
//
// Watch for: in which state is a goroutine that waits in syscall.Read, and who
// keeps it company? Change what you like between the two lines.
//
//	go run . </dev/null
package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
)

const readers = 1000

func main() {
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
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
