// pool_shards lets many goroutines use one sync.Pool, each for a moment and
// again and again.
//
// Watch for: the pool needs about as many objects as there are Ps, however
// many goroutines use it. Collections then empty it in two steps; hold the
// program and look at the parts of the pool from outside (X-ray).
//
//	GOMAXPROCS=4 ./pool_shards -goroutines 100
//	GOMAXPROCS=4 ./pool_shards -at-once 3 -collections 1 -hold 1m
package main

import (
	"flag"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Goroutines int   `json:"goroutines"`
	GOMAXPROCS int   `json:"gomaxprocs"`
	Uses       int   `json:"uses"`
	News       int64 `json:"news"`
}

func main() {
	goroutines := flag.Int("goroutines", 100, "how many goroutines use the pool")
	uses := flag.Int("uses", 200, "how often each of them uses it")
	atOnce := flag.Int("at-once", 1, "how many objects a use takes")
	collections := flag.Int("collections", 0, "how often the garbage collector runs at the end")
	hold := flag.Duration("hold", 0, "how long the program stays at its end")
	flag.Parse()

	// A collection would empty the pool.
	debug.SetGCPercent(-1)
	var news atomic.Int64
	pool := sync.Pool{New: func() any {
		news.Add(1)
		return new([1024]byte)
	}}
	var all sync.WaitGroup
	for range *goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			held := make([]any, *atOnce)
			for range *uses {
				for i := range held {
					held[i] = pool.Get()
				}
				report.Spin(1000)
				for i := range held {
					pool.Put(held[i])
				}
				// The next goroutine's turn, so that none is stopped while it
				// holds an object.
				runtime.Gosched()
			}
		}()
	}
	all.Wait()
	for range *collections {
		runtime.GC()
	}
	report.Print(result{*goroutines, runtime.GOMAXPROCS(0), *goroutines * *uses, news.Load()})
	time.Sleep(*hold)
	runtime.KeepAlive(&pool)
}
