// c_calls calls C functions that take long, from many goroutines or from one.
//
// Watch for: each call that is out keeps a thread; the P goes to somebody
// else after a short while; a semaphore bounds the threads.
//
//	./c_calls -goroutines 50
//	./c_calls -goroutines 50 -limit 4
//	./c_calls -what lose
//	./c_calls -what repeat -how burn -length 10ms -times 50 -cpu cpu.pb.gz
package main

/*
#include <time.h>

static void sleep_ns(long long ns) {
	struct timespec t = {ns / 1000000000, ns % 1000000000};
	nanosleep(&t, 0);
}

static long long now_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static __attribute__((noinline)) void burn_ns(long long ns) {
	long long end = now_ns() + ns;
	while (now_ns() < end) {
	}
}

static void nothing(void) {}
*/
import "C"

import (
	"time"

	"schedlab/samples/internal/foreign"
)

func main() {
	foreign.Run(map[string]foreign.Call{"sleep": sleep, "burn": burn, "nothing": nothing})
}

func sleep(length time.Duration) { C.sleep_ns(C.longlong(length)) }

func burn(length time.Duration) { C.burn_ns(C.longlong(length)) }

func nothing(time.Duration) { C.nothing() }
