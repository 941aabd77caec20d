// pool_use takes buffers from a sync.Pool and gives them back, in several
// ways, many times.
//
// Watch for: how much is allocated, and why. An array that is taken and not
// given back must be made anew; a slice that is not cut to length 0 grows; a
// slice in an interface needs a header on the heap.
//
//	./pool_use -use printed
//	./pool_use -use direct
//	./pool_use -use reset
//	./pool_use -use pointer
package main

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"schedlab/samples/internal/report"
)

type result struct {
	Use        string `json:"use"`
	Operations int    `json:"operations"`
	// Of the whole loop: what was allocated, how often New was called, how
	// often append put the bytes into another array than it was given.
	Bytes    uint64 `json:"bytes"`
	Mallocs  uint64 `json:"mallocs"`
	News     int64  `json:"news"`
	Moved    int    `json:"moved"`
	LargestB int    `json:"largest_bytes"`
	GCs      uint32 `json:"gcs"`
	// How long the collections stopped the program: together, and what three
	// of four took at least.
	PauseNS         uint64 `json:"pause_ns"`
	QuartilePauseNS uint64 `json:"quartile_pause_ns"`
}

var news atomic.Int64

var bufPool = sync.Pool{
	New: func() any {
		news.Add(1)
		return make([]byte, 0, 1024)
	},
}

var pointerPool = sync.Pool{
	New: func() any {
		news.Add(1)
		buf := make([]byte, 0, 1024)
		return &buf
	},
}

// Each use returns whether append moved the bytes, and the buffer's capacity.
var uses = map[string]func() (moved bool, capacity int){
	"printed": printed,
	"kept":    kept,
	"direct":  direct,
	"reset":   reset,
	"pointer": pointer,
	"none":    none,
}

func main() {
	use := flag.String("use", "reset", "printed, kept, direct, reset, pointer or none")
	operations := flag.Int("operations", 100_000, "how many times")
	flag.Parse()

	once, known := uses[*use]
	if !known {
		report.Fail(fmt.Errorf("pool_use: there is no use %q", *use))
	}
	report.Print(measure(*use, once, *operations))
}

func measure(use string, once func() (bool, int), operations int) result {
	r := result{Use: use, Operations: operations}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range operations {
		moved, capacity := once()
		if moved {
			r.Moved++
		}
		r.LargestB = max(r.LargestB, capacity)
	}
	runtime.ReadMemStats(&after)
	r.Bytes, r.Mallocs = after.TotalAlloc-before.TotalAlloc, after.Mallocs-before.Mallocs
	r.GCs, r.PauseNS = after.NumGC-before.NumGC, after.PauseTotalNs-before.PauseTotalNs
	r.QuartilePauseNS = quartilePause(&after, r.GCs)
	r.News = news.Load()
	return r
}

// quartilePause is the lower quartile of the last stops, as many as are kept.
// The longer ones are those in which a busy machine ran something else.
func quartilePause(stats *runtime.MemStats, gcs uint32) uint64 {
	var pauses []uint64
	for i := range min(gcs, uint32(len(stats.PauseNs))) {
		pauses = append(pauses, stats.PauseNs[(stats.NumGC-1-i)%uint32(len(stats.PauseNs))])
	}
	if len(pauses) == 0 {
		return 0
	}
	slices.Sort(pauses)
	return pauses[len(pauses)/4]
}

// printed takes a second buffer at its end and does not give it back.
func printed() (bool, int) {
	buf := bufPool.Get().([]byte)
	grown := append(buf, "hello"...)
	took := moved(buf, grown)
	bufPool.Put(grown)
	buf = bufPool.Get().([]byte)
	return took, cap(buf)
}

// kept is the same, and gives the second buffer back too.
func kept() (bool, int) {
	buf := bufPool.Get().([]byte)
	grown := append(buf, "hello"...)
	took := moved(buf, grown)
	bufPool.Put(grown)
	buf = bufPool.Get().([]byte)
	bufPool.Put(buf)
	return took, cap(buf)
}

// direct never cuts the slice: it is five bytes longer each time.
func direct() (bool, int) {
	buf := bufPool.Get().([]byte)
	grown := append(buf, "hello"...)
	bufPool.Put(grown)
	return moved(buf, grown), cap(grown)
}

func reset() (bool, int) {
	buf := bufPool.Get().([]byte)[:0]
	grown := append(buf, "hello"...)
	bufPool.Put(grown)
	return moved(buf, grown), cap(grown)
}

// pointer keeps the slice's header where it is: nothing is put into an
// interface but a pointer.
func pointer() (bool, int) {
	held := pointerPool.Get().(*[]byte)
	buf := (*held)[:0]
	*held = append(buf, "hello"...)
	defer pointerPool.Put(held)
	return moved(buf, *held), cap(*held)
}

var sink []byte

func none() (bool, int) {
	buf := make([]byte, 0, 1024)
	sink = append(buf, "hello"...)
	return moved(buf, sink), cap(sink)
}

func moved(before, after []byte) bool { return unsafe.SliceData(before) != unsafe.SliceData(after) }
