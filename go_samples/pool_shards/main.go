// pool_shards lets many goroutines use one sync.Pool, each for a moment and
// again and again.
//
// Watch for: the pool needs about as many objects as there are Ps, however
// many goroutines use it.
//
//	GOMAXPROCS=4 ./pool_shards -goroutines 100
package main

import (
	"flag"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

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
			for range *uses {
				held := pool.Get()
				report.Spin(1000)
				pool.Put(held)
				// The next goroutine's turn, so that none is stopped while it
				// holds an object.
				runtime.Gosched()
			}
		}()
	}
	all.Wait()
	report.Print(result{*goroutines, runtime.GOMAXPROCS(0), *goroutines * *uses, news.Load()})
}
