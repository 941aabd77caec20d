// bottleneck is a program that is slow, always for the same reason, which the
// flag -cause names.
//
// Watch for: what stands still. With "cpu" goroutines wait in run queues and
// every P is at work. With "lock" they wait for one mutex and most Ps are idle.
// With "syscall" they hold threads in the kernel. With "producer" they wait for
// a channel that one slow goroutine fills. A snapshot of P, M and G tells them
// apart.
//
//	./bottleneck -cause lock -for 1s
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Cause      string `json:"cause"`
	Goroutines int    `json:"goroutines"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	Done       int64  `json:"done"` // pieces of work, all goroutines together
}

// work is about 50 µs of computing.
const work = 25_000

// causes are what each goroutine does for one piece of work.
var causes = map[string]func(){
	"cpu":      compute,
	"lock":     onLock,
	"syscall":  inSyscall,
	"producer": onChannel,
}

var (
	lock sync.Mutex
	jobs = make(chan struct{})
)

func compute() {
	report.Spin(work)
}

func onLock() {
	lock.Lock()
	report.Spin(work)
	lock.Unlock()
}

func inSyscall() {
	pause := syscall.NsecToTimespec((20 * time.Millisecond).Nanoseconds())
	if err := syscall.Nanosleep(&pause, nil); err != nil && err != syscall.EINTR {
		report.Fail(err)
	}
}

func onChannel() {
	<-jobs
}

// produce makes one piece of work after the other.
func produce() {
	for {
		report.Spin(work)
		jobs <- struct{}{}
	}
}

func main() {
	cause := flag.String("cause", "cpu", "why it is slow: cpu, lock, syscall or producer")
	goroutines := flag.Int("goroutines", 64, "how many goroutines work")
	lasts := flag.Duration("for", time.Second, "how long they work")
	flag.Parse()
	one, ok := causes[*cause]
	if !ok {
		report.Fail(fmt.Errorf("there is no cause %q", *cause))
	}

	if *cause == "producer" {
		go produce()
	}
	var done atomic.Int64
	for range *goroutines {
		go func() {
			for {
				one()
				done.Add(1)
			}
		}()
	}
	fmt.Fprintln(os.Stderr, "working")
	time.Sleep(*lasts)
	report.Print(result{*cause, *goroutines, runtime.GOMAXPROCS(0), done.Load()})
}
