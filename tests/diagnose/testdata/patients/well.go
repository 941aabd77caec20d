package main

import (
	"bufio"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"time"
)

// wellIdle has goroutines that wait, and nothing else.
func wellIdle(end time.Time) {
	never := make(chan int)
	for range 1000 {
		go func() { <-never }()
	}
	time.Sleep(time.Until(end))
}

// wellCompute has one goroutine per P.
func wellCompute(end time.Time) {
	together(runtime.GOMAXPROCS(0), func(int) {
		for time.Now().Before(end) {
			spin(1_000_000)
		}
	})
}

// wellPipeline hands batches through two stages.
func wellPipeline(end time.Time) {
	made, done := make(chan []int, 8), make(chan int, 8)
	go func() {
		for time.Now().Before(end) {
			spin(500_000)
			made <- make([]int, 1000)
		}
		close(made)
	}()
	go func() {
		for batch := range made {
			spin(400_000)
			done <- len(batch)
		}
		close(done)
	}()
	for range done {
	}
}

// wellTimers has tickers, and Ps that are free for them.
func wellTimers(end time.Time) {
	together(20, func(int) {
		for time.Now().Before(end) {
			time.Sleep(5 * time.Millisecond)
			spin(10_000)
		}
	})
}

// wellGarbage allocates at an easy pace.
func wellGarbage(end time.Time) {
	for time.Now().Before(end) {
		tree(8)
		spin(500_000)
	}
}

// wellMutex holds a lock for moments.
func wellMutex(end time.Time) {
	var lock sync.Mutex
	total := 0
	together(8, func(int) {
		for time.Now().Before(end) {
			spin(200_000)
			lock.Lock()
			total++
			lock.Unlock()
		}
	})
}

// wellFiles writes through a buffer.
func wellFiles(end time.Time) {
	file, err := os.CreateTemp("", "patients")
	if err != nil {
		panic(err)
	}
	defer os.Remove(file.Name())
	out := bufio.NewWriter(file)
	for time.Now().Before(end) {
		io.WriteString(out, "a line of some length that goes through the buffer\n")
		spin(2_000)
	}
	out.Flush()
}

// wellRequests answers requests that come at random, well below what the Ps
// can do.
func wellRequests(end time.Time) {
	var all sync.WaitGroup
	for time.Now().Before(end) {
		time.Sleep(time.Duration(rand.ExpFloat64() * float64(5*time.Millisecond)))
		all.Add(1)
		go func() {
			defer all.Done()
			time.Sleep(3 * time.Millisecond)
			spin(100_000)
		}()
	}
	all.Wait()
}

// wellBurst starts many goroutines at once that compute briefly, again and
// again.
func wellBurst(end time.Time) {
	for time.Now().Before(end) {
		together(100, func(int) { spin(20_000) })
		time.Sleep(20 * time.Millisecond)
	}
}
