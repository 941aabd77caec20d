package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"patients/program"
)

var well = []program.Program{
	{Name: "idle", Run: idle},
	{Name: "compute", Run: compute},
	{Name: "three_on_two", Run: threeOnTwo},
	{Name: "pipeline", Run: pipeline},
	{Name: "sleepers", Run: sleepers},
	{Name: "garbage", Run: garbage},
	{Name: "large_heap", Run: largeHeap},
	{Name: "short_lock", Run: shortLock},
	{Name: "readers_lock", Run: readersLock},
	{Name: "buffered_file", Run: bufferedFile},
	{Name: "random_requests", Run: randomRequests},
	{Name: "bursts", Run: bursts},
	{Name: "echo_at_a_pace", Run: echoAtAPace},
	{Name: "worker_pool", Run: workerPool},
	{Name: "queue_with_signal", Run: queueWithSignal},
	{Name: "staggered_timers", Run: staggeredTimers},
	{Name: "periodic_batch", Run: periodicBatch},
	{Name: "pool_of_blocks", Run: poolOfBlocks},
	{Name: "few_children", Run: fewChildren},
	{Name: "roomy_quota", QuotaCPUs: 2, Run: roomyQuota},
	{Name: "spare_quota", Procs: 4, QuotaCPUs: 1, Run: spareQuota},
	{Name: "large_reads", Run: largeReads},
	{Name: "decode_everything", Run: decodeEverything},
}

// idle has goroutines that wait, and nothing else.
func idle(end time.Time) {
	never := make(chan int)
	for range 1000 {
		go func() { <-never }()
	}
	time.Sleep(time.Until(end))
}

// compute has one goroutine per P.
func compute(end time.Time) {
	program.Together(runtime.GOMAXPROCS(0), func(int) {
		for time.Now().Before(end) {
			program.Spin(1_000_000)
		}
	})
}

// threeOnTwo has a goroutine more than Ps: they take turns, and nobody else is
// there to wait.
func threeOnTwo(end time.Time) {
	program.Together(runtime.GOMAXPROCS(0)+1, func(int) {
		for time.Now().Before(end) {
			program.Spin(30_000_000)
		}
	})
}

// pipeline hands batches through two stages.
func pipeline(end time.Time) {
	made, done := make(chan []int, 8), make(chan int, 8)
	go func() {
		for time.Now().Before(end) {
			program.Spin(500_000)
			made <- make([]int, 1000)
		}
		close(made)
	}()
	go func() {
		for batch := range made {
			program.Spin(400_000)
			done <- len(batch)
		}
		close(done)
	}()
	for range done {
	}
}

// sleepers sleep, and there are Ps that are free for them.
func sleepers(end time.Time) {
	program.Together(20, func(int) {
		for time.Now().Before(end) {
			time.Sleep(5 * time.Millisecond)
			program.Spin(10_000)
		}
	})
}

// garbage allocates at an easy pace.
func garbage(end time.Time) {
	for time.Now().Before(end) {
		tree(8)
		program.Spin(500_000)
	}
}

// largeHeap keeps much and allocates little.
func largeHeap(end time.Time) {
	kept := tree(19)
	for time.Now().Before(end) {
		tree(6)
		program.Spin(300_000)
	}
	runtime.KeepAlive(kept)
}

// shortLock holds a lock for moments.
func shortLock(end time.Time) {
	var lock sync.Mutex
	total := 0
	program.Together(8, func(int) {
		for time.Now().Before(end) {
			program.Spin(200_000)
			lock.Lock()
			total++
			lock.Unlock()
		}
	})
}

// readersLock is read by many, for each request, and written every 10 ms.
func readersLock(end time.Time) {
	var lock sync.RWMutex
	routes := map[int]int{}
	program.Together(9, func(i int) {
		for n := 0; time.Now().Before(end); n++ {
			if i == 0 {
				time.Sleep(10 * time.Millisecond)
				lock.Lock()
				routes[n%100] = n
				lock.Unlock()
				continue
			}
			lock.RLock()
			_ = routes[n%100]
			lock.RUnlock()
			program.Spin(10_000)
			time.Sleep(time.Millisecond)
		}
	})
}

// bufferedFile writes through a buffer.
func bufferedFile(end time.Time) {
	file, err := os.CreateTemp("", "patients")
	if err != nil {
		panic(err)
	}
	defer os.Remove(file.Name())
	out := bufio.NewWriter(file)
	for time.Now().Before(end) {
		io.WriteString(out, "a line of some length that goes through the buffer\n")
		program.Spin(2_000)
	}
	out.Flush()
}

// randomRequests come at random, well below what the Ps can do.
func randomRequests(end time.Time) {
	var all sync.WaitGroup
	for time.Now().Before(end) {
		time.Sleep(time.Duration(rand.ExpFloat64() * float64(5*time.Millisecond)))
		all.Go(func() {
			time.Sleep(3 * time.Millisecond)
			program.Spin(100_000)
		})
	}
	all.Wait()
}

// bursts start many goroutines at once that compute briefly.
func bursts(end time.Time) {
	for time.Now().Before(end) {
		program.Together(100, func(int) { program.Spin(20_000) })
		time.Sleep(20 * time.Millisecond)
	}
}

// echoAtAPace talks over connections, and thinks in between.
func echoAtAPace(end time.Time) {
	address, stop := echo()
	defer stop()
	program.Together(3, func(int) { talk(address, end) })
}

// workerPool has a worker per P and jobs of a quarter of a millisecond.
func workerPool(end time.Time) {
	jobs := make(chan int, 16)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for range jobs {
				program.Spin(250_000)
			}
		})
	}
	for n := 0; time.Now().Before(end); n++ {
		jobs <- n
	}
	close(jobs)
	workers.Wait()
}

// queueWithSignal wakes one waiter for each item.
func queueWithSignal(end time.Time) {
	var mutex sync.Mutex
	arrived := sync.NewCond(&mutex)
	items, closed := 0, false
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for {
				mutex.Lock()
				for items == 0 && !closed {
					arrived.Wait()
				}
				if items == 0 {
					mutex.Unlock()
					return
				}
				items--
				mutex.Unlock()
				program.Spin(300_000)
			}
		})
	}
	for time.Now().Before(end) {
		mutex.Lock()
		items++
		arrived.Signal()
		mutex.Unlock()
		time.Sleep(time.Millisecond)
	}
	mutex.Lock()
	closed = true
	arrived.Broadcast()
	mutex.Unlock()
	workers.Wait()
}

// staggeredTimers are thousands, and they come one by one.
func staggeredTimers(end time.Time) {
	for time.Now().Before(end) {
		var all sync.WaitGroup
		for range 500 {
			all.Add(1)
			time.AfterFunc(time.Duration(rand.IntN(100))*time.Millisecond, all.Done)
		}
		all.Wait()
	}
}

// periodicBatch computes on every P for a moment, and rests.
func periodicBatch(end time.Time) {
	for time.Now().Before(end) {
		program.Together(runtime.GOMAXPROCS(0), func(int) { program.Spin(4_000_000) })
		time.Sleep(30 * time.Millisecond)
	}
}

var blocks = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// poolOfBlocks takes and returns, beside allocations of its own.
func poolOfBlocks(end time.Time) {
	program.Together(4, func(i int) {
		for time.Now().Before(end) {
			block := blocks.Get().(*[64 << 10]byte)
			sum := sha256.Sum256(block[:])
			blocks.Put(block)
			digests.Store(i, sum)
		}
	})
}

var digests sync.Map

// fewChildren runs commands, two at a time.
func fewChildren(end time.Time) {
	program.Together(2, func(int) {
		for time.Now().Before(end) {
			if err := exec.Command("sleep", "0.05").Run(); err != nil {
				panic(err)
			}
		}
	})
}

// roomyQuota has a quota that its two Ps can hardly use up.
func roomyQuota(end time.Time) { randomRequests(end) }

// spareQuota has more Ps than its quota, and needs a tenth of it.
func spareQuota(end time.Time) {
	program.Together(4, func(int) {
		for time.Now().Before(end) {
			time.Sleep(20 * time.Millisecond)
			program.Spin(300_000)
		}
	})
}

// largeReads fetch a megabyte each.
func largeReads(end time.Time) {
	name, remove := scratchFile(make([]byte, 8<<20))
	defer remove()
	file, err := os.Open(name)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	block := make([]byte, 1<<20)
	for n := int64(0); time.Now().Before(end); n++ {
		if _, err := file.ReadAt(block, n%8<<20); err != nil {
			panic(err)
		}
		sha256.Sum256(block)
	}
}

// decodeEverything makes garbage on every P, at the pace of a decoder: the
// collector's own workers keep up with it.
func decodeEverything(end time.Time) {
	var text bytes.Buffer
	text.WriteString("[")
	for i := range 2_000 {
		fmt.Fprintf(&text, `{"id":%d,"name":"item %d","tags":["a","b","c"],"at":{"x":%d,"y":1}},`, i, i, i)
	}
	text.WriteString("{}]")
	cache := make([]any, 50)
	for i := range cache {
		json.Unmarshal(text.Bytes(), &cache[i])
	}
	program.Together(8, func(int) {
		for time.Now().Before(end) {
			var document any
			json.Unmarshal(text.Bytes(), &document)
		}
	})
	runtime.KeepAlive(cache)
}
