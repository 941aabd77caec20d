// goroutine_reuse starts goroutines one after the other. Each needs a buffer,
// which comes from a sync.Pool or from the heap.
//
// Watch for: how many Gs the runtime has at the end. It keeps those of
// goroutines that ended and uses them for the next ones; no pool of the
// program's has to do with it.
//
//	GODEBUG=schedtrace=10,scheddetail=1 ./goroutine_reuse -pool=false
package main

import (
	"flag"
	"sync"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Goroutines int  `json:"goroutines"`
	Pool       bool `json:"pool"`
}

var bufPool = sync.Pool{New: func() any { return new([1024]byte) }}

func main() {
	goroutines := flag.Int("goroutines", 1000, "how many goroutines are started, each when the one before has ended")
	pooled := flag.Bool("pool", true, "take the buffers from a sync.Pool")
	hold := flag.Duration("hold", 100*time.Millisecond, "how long to wait at the end")
	flag.Parse()

	for range *goroutines {
		var ended sync.WaitGroup
		ended.Add(1)
		go func() {
			defer ended.Done()
			use(*pooled)
		}()
		ended.Wait()
	}
	time.Sleep(*hold)
	report.Print(result{Goroutines: *goroutines, Pool: *pooled})
}

var sink *[1024]byte

func use(pooled bool) {
	if !pooled {
		sink = new([1024]byte)
		sink[0] = 1
		return
	}
	buf := bufPool.Get().(*[1024]byte)
	buf[0] = 1
	bufPool.Put(buf)
}
