// gc_pauses keeps a heap alive, collects garbage again and again, and says
// how long each collection took and for how long it stopped the world.
//
// Watch for: with a larger heap, with more stacks, with more global
// variables a collection takes longer, and the pauses stay what they were.
//
//	GODEBUG=gctrace=1 ./gc_pauses -heap-mb 256
//	GODEBUG=gctrace=1 ./gc_pauses -goroutines 2000
//	go build -tags globals && GODEBUG=gctrace=1 ./gc_pauses
package main

import (
	"flag"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	HeapBytes   uint64  `json:"heap_bytes"`
	StackBytes  uint64  `json:"stack_bytes"`
	GlobalBytes int     `json:"global_bytes"`
	Goroutines  int     `json:"goroutines"`
	PausesNS    []int64 `json:"pauses_ns"`      // both pauses of a collection together
	TookNS      []int64 `json:"collections_ns"` // a whole collection
}

// A block is an object full of pointers, so there is something to mark.
type block [64]*block

func main() {
	heap := flag.Int("heap-mb", 0, "MiB of live objects")
	goroutines := flag.Int("goroutines", 0, "parked goroutines with a deep stack each")
	cycles := flag.Int("cycles", 10, "how many collections")
	flag.Parse()
	debug.SetGCPercent(-1) // only when asked for

	blocks := live(*heap << 20)
	for i := range globals {
		globals[i] = blocks[i%len(blocks)]
	}
	release := parked(*goroutines)
	runtime.GC() // the first one also finds what was garbage at the start

	found := result{GlobalBytes: len(globals) * 8, Goroutines: runtime.NumGoroutine()}
	for range *cycles {
		begin := time.Now()
		runtime.GC()
		found.TookNS = append(found.TookNS, time.Since(begin).Nanoseconds())
		var stats debug.GCStats
		debug.ReadGCStats(&stats)
		found.PausesNS = append(found.PausesNS, stats.Pause[0].Nanoseconds())
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	found.HeapBytes, found.StackBytes = memory.HeapAlloc, memory.StackInuse
	runtime.KeepAlive(blocks)
	release()
	report.Print(found)
}

// live makes objects of so many bytes together, each pointing to some before it.
func live(bytes int) []*block {
	const size = 64 * 8
	blocks := make([]*block, 1+bytes/size)
	for i := range blocks {
		blocks[i] = new(block)
		for slot := range blocks[i] {
			blocks[i][slot] = blocks[max(i-slot%4, 0)]
		}
	}
	return blocks
}

// parked starts goroutines that wait, each at the bottom of a deep stack.
func parked(goroutines int) (release func()) {
	gate := make(chan struct{})
	var deep, done sync.WaitGroup
	deep.Add(goroutines)
	done.Add(goroutines)
	for range goroutines {
		go func() {
			defer done.Done()
			descend(100, new(block), func() {
				deep.Done()
				<-gate
			})
		}()
	}
	deep.Wait()
	return func() {
		close(gate)
		done.Wait()
	}
}

// descend calls itself, with pointers in each frame, and then calls bottom.
//
//go:noinline
func descend(depth int, own *block, bottom func()) *block {
	var frame [16]*block
	for i := range frame {
		frame[i] = own
	}
	if depth == 0 {
		bottom()
	} else {
		frame[depth%16] = descend(depth-1, own, bottom)
	}
	return frame[(depth+1)%16]
}
