// A program at rest, which says what it is made of: goroutines of several kinds, all parked.
//
// It prints one line of JSON, {"goroutines": runtime.NumGoroutine(), "dump": all stacks}, then rests. SIGUSR1
// lets it print another.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

func waits(for_ chan int) { <-for_ }

func sends(to chan int) { to <- 1 }

func selects(a, b chan int) {
	select {
	case <-a:
	case <-b:
	}
}

func sleeps() { time.Sleep(time.Hour) }

func locks(mutex *sync.Mutex) { mutex.Lock() }

func locked(never chan int) {
	runtime.LockOSThread()
	<-never
}

func deep(levels int, never chan int) int {
	if levels == 0 {
		return <-never
	}
	return deep(levels-1, never) + levels
}

func main() {
	kinds := flag.Int("each", 3, "goroutines of each kind")
	flag.Parse()
	never := make(chan int)
	full := make(chan int)
	var mutex sync.Mutex
	mutex.Lock()
	for i := 0; i < *kinds; i++ {
		go waits(never)
		go sends(full)
		go selects(never, make(chan int))
		go sleeps()
		go locks(&mutex)
	}
	go locked(never)
	go deep(200, never)
	wanted := make(chan os.Signal, 1)
	signal.Notify(wanted, syscall.SIGUSR1)
	for {
		say()
		<-wanted
	}
}

// say waits until all but this goroutine and the one that takes in signals are parked.
func say() {
	buffer := make([]byte, 1<<26)
	for {
		dump := string(buffer[:runtime.Stack(buffer, true)])
		if strings.Count(dump, "[running") == 1 && !strings.Contains(dump, "[runnable") {
			said, err := json.Marshal(map[string]any{
				"goroutines": runtime.NumGoroutine(), "dump": dump, "pid": os.Getpid(),
			})
			if err != nil {
				panic(err)
			}
			fmt.Println(string(said))
			return
		}
		time.Sleep(time.Millisecond)
	}
}
