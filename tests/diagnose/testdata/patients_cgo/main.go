// patients_cgo is a set of small programs in one that call C, as patients is
// of those that do not.
//
//	./patients_cgo -list
//	./patients_cgo -case naps_in_c -for 1s
package main

/*
#include <pthread.h>
#include <time.h>
#include <unistd.h>

static void nap(int milliseconds) { usleep(1000 * milliseconds); }

static unsigned long compute(unsigned long steps) {
	volatile unsigned long x = steps | 1;
	for (unsigned long i = 0; i < steps; i++) {
		x ^= x << 13;
		x ^= x >> 7;
	}
	return x;
}

// decode waits for a byte, as a library with a blocking interface does.
static int decode(int fd) {
	char byte;
	return read(fd, &byte, 1);
}

static pthread_mutex_t engine = PTHREAD_MUTEX_INITIALIZER;

// query lets in one thread at a time, as a library with one lock does.
static unsigned long query(int microseconds) {
	pthread_mutex_lock(&engine);
	usleep(microseconds);
	pthread_mutex_unlock(&engine);
	return microseconds;
}
*/
import "C"

import (
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"patients/program"
)

const kind = "cgo saturation"

var cases = []program.Program{
	{Name: "naps_in_c", Kind: kind, Run: napsInC},
	{Name: "computes_in_c", Kind: kind, Run: computesInC},
	{Name: "c_within_bounds", Run: cWithinBounds},
	{Name: "brief_calls_into_c", Run: briefCallsIntoC},
	{Name: "blocking_decoders", Kind: kind, Run: blockingDecoders},
	{Name: "one_thread_for_c", Run: oneThreadForC},
}

// These were written by somebody who had read no detector.
var strangers = []program.Program{
	{Name: "one_lock_in_c", Kind: kind, Run: oneLockInC},
	{Name: "handles_from_a_pool", Run: handlesFromAPool},
	{Name: "many_small_calls_in_one", Run: manySmallCallsInOne},
}

func main() {
	program.Main(slices.Concat(cases, program.HeldOut(strangers...)))
}

// napsInC: each request waits in a C library for its answer.
func napsInC(end time.Time) {
	program.Together(24, func(int) {
		for time.Now().Before(end) {
			C.nap(20) // ill: naps_in_c
			program.Spin(10_000)
		}
	})
}

// computesInC: more goroutines compute in C than there are CPUs, and nothing
// keeps them from it.
func computesInC(end time.Time) {
	program.Together(16, func(int) {
		for time.Now().Before(end) {
			C.compute(20_000_000) // ill: computes_in_c
		}
	})
}

// cWithinBounds lets as many goroutines into C as there are Ps.
func cWithinBounds(end time.Time) {
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	program.Together(16, func(int) {
		for time.Now().Before(end) {
			places <- struct{}{}
			C.compute(5_000_000)
			<-places
		}
	})
}

// briefCallsIntoC makes calls that last for microseconds.
func briefCallsIntoC(end time.Time) {
	program.Together(8, func(int) {
		for time.Now().Before(end) {
			C.compute(10_000)
			program.Spin(50_000)
		}
	})
}

// blockingDecoders: each stream has a goroutine that sits in a C library until
// the next byte comes.
func blockingDecoders(end time.Time) {
	program.Together(20, func(int) {
		in, out, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		fd := C.int(in.Fd()) // Fd makes it blocking
		go func() {
			for time.Now().Before(end) {
				time.Sleep(30 * time.Millisecond)
				out.Write([]byte{1})
			}
			out.Close()
		}()
		for C.decode(fd) > 0 { // ill: blocking_decoders
			program.Spin(20_000)
		}
		in.Close()
	})
}

// oneThreadForC gives all calls to one goroutine that owns the library.
func oneThreadForC(end time.Time) {
	calls := make(chan chan struct{})
	var owner sync.WaitGroup
	owner.Go(func() {
		runtime.LockOSThread()
		for call := range calls {
			C.nap(2)
			close(call)
		}
	})
	program.Together(6, func(int) {
		for time.Now().Before(end) {
			done := make(chan struct{})
			calls <- done
			<-done
			program.Spin(100_000)
		}
	})
	close(calls)
	owner.Wait()
}

// oneLockInC: an embedded database has a lock of its own. Go knows nothing of
// it, and each query that waits for it has a thread.
func oneLockInC(end time.Time) {
	program.Together(24, func(int) {
		for time.Now().Before(end) {
			C.query(1000) // ill: one_lock_in_c
			program.SpinFor(20 * time.Microsecond)
		}
	})
}

// handlesFromAPool has 60 goroutines that want to go into C. They wait in Go
// for one of two handles, and C has two threads at most.
func handlesFromAPool(end time.Time) {
	handles := make(chan int, 2)
	handles <- 1
	handles <- 2
	program.Together(60, func(int) {
		for time.Now().Before(end) {
			handle := <-handles
			C.nap(1)
			handles <- handle
			time.Sleep(100 * time.Millisecond)
		}
	})
}

// manySmallCallsInOne makes a batch of what would be thousands of calls, and
// one call of a millisecond for all of it.
func manySmallCallsInOne(end time.Time) {
	program.Together(runtime.GOMAXPROCS(0), func(int) {
		for time.Now().Before(end) {
			C.compute(250_000)
			time.Sleep(4 * time.Millisecond)
		}
	})
}
