// system_calls makes system calls that take long, from many goroutines or
// from one. For the scheduler they are what C calls are.
//
// Watch for: each call that is out keeps a thread; the P goes to somebody
// else after a short while; a semaphore bounds the threads.
//
//	./system_calls -goroutines 50
//	./system_calls -goroutines 50 -limit 4
//	./system_calls -what lose
package main

import (
	"errors"
	"syscall"
	"time"

	"schedlab/samples/internal/foreign"
	"schedlab/samples/internal/report"
)

func main() {
	foreign.Run(map[string]foreign.Call{"sleep": sleep, "nothing": nothing})
}

// sleep waits in select(2) for nothing: the thread sleeps in the kernel, as
// it would in C. time.Sleep would park the goroutine instead.
func sleep(length time.Duration) {
	end := time.Now().Add(length)
	for left := length; left > 0; left = time.Until(end) {
		wait := syscall.NsecToTimeval(int64(left))
		if err := selectNothing(&wait); err != nil && !errors.Is(err, syscall.EINTR) {
			report.Fail(err)
		}
	}
}

func nothing(time.Duration) { syscall.Getppid() }
