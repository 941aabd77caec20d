package main

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// spin computes for about that many steps; it makes no call and no garbage.
//
//go:noinline
func spin(steps int) uint64 {
	x := uint64(steps) | 1
	for range steps {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// together runs that many goroutines and waits for them.
func together(number int, work func(i int)) {
	var all sync.WaitGroup
	for i := range number {
		all.Add(1)
		go func() {
			defer all.Done()
			work(i)
		}()
	}
	all.Wait()
}

// starvation: requests that need microseconds wait behind computations that
// never give up a P by themselves.
func starvation(end time.Time) {
	together(2*runtime.GOMAXPROCS(0)+4, func(i int) {
		for time.Now().Before(end) {
			if i < 4 {
				time.Sleep(2 * time.Millisecond)
				answerBriefly()
			} else {
				computeForLong()
			}
		}
	})
}

//go:noinline
func answerBriefly() { spin(5_000) }

//go:noinline
func computeForLong() { spin(100_000_000) }

// imbalance: goroutines that are wired to their threads hand work to each
// other, so that one P waits for the other.
func imbalance(end time.Time) {
	runtime.GOMAXPROCS(2)
	together(1, func(int) { wiredToOne(end) })
}

func wiredToOne(end time.Time) {
	for time.Now().Before(end) {
		spin(1_000_000)
	}
}

// threads: every goroutine sleeps in the kernel, in a call that the network
// poller knows nothing of.
func threads(end time.Time) {
	together(100, func(int) {
		for time.Now().Before(end) {
			sleepInTheKernel()
		}
	})
}

//go:noinline
func sleepInTheKernel() {
	moment := syscall.NsecToTimespec(int64(50 * time.Millisecond))
	syscall.Nanosleep(&moment, nil)
}

// syscalls: a byte at a time.
func syscalls(end time.Time) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	for time.Now().Before(end) {
		writeAByte(int(null.Fd()))
	}
}

//go:noinline
func writeAByte(fd int) {
	for range 1000 {
		syscall.Write(fd, []byte{0})
	}
}

// convoy: all work is done inside one lock.
func convoy(end time.Time) {
	var lock sync.Mutex
	together(16, func(int) {
		for time.Now().Before(end) {
			insideTheLock(&lock)
		}
	})
}

//go:noinline
func insideTheLock(lock *sync.Mutex) {
	lock.Lock()
	spin(100_000)
	lock.Unlock()
}

// pingPong: two goroutines hand a number to and fro.
func pingPong(end time.Time) {
	there, back := make(chan int), make(chan int)
	go func() {
		for n := range there {
			back <- n
			spin(20_000)
		}
		close(back)
	}()
	for n := 0; time.Now().Before(end); n++ {
		there <- n
		spin(20_000)
		<-back
	}
	close(there)
}

type node struct{ left, right *node }

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{tree(depth - 1), tree(depth - 1)}
}

// assists: every P allocates objects full of pointers as fast as it can.
func assists(end time.Time) {
	kept := tree(18)
	together(4*runtime.GOMAXPROCS(0), func(int) {
		for time.Now().Before(end) {
			allocateATree()
		}
	})
	runtime.KeepAlive(kept)
}

//go:noinline
func allocateATree() { tree(12) }

// wakes: every wake is for next to no work, and comes when everybody sleeps.
func wakes(end time.Time) {
	queue := make(chan int)
	for range 8 {
		go func() {
			for range queue {
				spin(10)
			}
		}()
	}
	for time.Now().Before(end) {
		queue <- 1
		time.Sleep(time.Microsecond)
	}
}

// unpreemptible: with GODEBUG=asyncpreemptoff=1 nobody can take the P from
// this loop.
func unpreemptible(end time.Time) {
	together(2*runtime.GOMAXPROCS(0), func(int) {
		for time.Now().Before(end) {
			loopWithoutACall()
		}
	})
}

//go:noinline
func loopWithoutACall() { spin(60_000_000) }

// timers: short sleeps beside Ps that all compute.
func timers(end time.Time) {
	together(runtime.GOMAXPROCS(0)+1, func(i int) {
		for time.Now().Before(end) {
			if i == 0 {
				aRegularSleep()
			} else {
				computeForLong()
			}
			if i > 0 && i == runtime.GOMAXPROCS(0) {
				time.Sleep(20 * time.Millisecond)
			}
		}
	})
}

//go:noinline
func aRegularSleep() { time.Sleep(time.Millisecond) }
