// A program with C in it: one goroutine sleeps in C, the others wait in Go.
package main

/*
#include <unistd.h>
static void doze(int seconds) { while (seconds > 0) seconds = sleep(seconds); }
*/
import "C"

import (
	"fmt"
	"runtime"
	"time"
)

func dozes() { C.doze(100) }

func main() {
	go dozes()
	time.Sleep(50 * time.Millisecond)
	fmt.Printf("{\"goroutines\":%d}\n", runtime.NumGoroutine())
	time.Sleep(100 * time.Second)
}
