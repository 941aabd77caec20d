// pool_cycles puts objects into a sync.Pool, lets the garbage collector run
// so many times, and looks how many of them are still there.
//
// Watch for: they survive one collection, and not two.
//
//	./pool_cycles -objects 100
package main

import (
	"flag"
	"runtime"
	"runtime/debug"
	"sync"

	"schedlab/samples/internal/report"
)

type result struct {
	Objects int `json:"objects"`
	// How many were still there after 0, 1, 2, … collections.
	Left []int `json:"left"`
}

// An object is larger than what the allocator packs together.
type object [64]byte

func main() {
	objects := flag.Int("objects", 100, "how many objects are put into the pool")
	most := flag.Int("collections", 3, "the most collections")
	flag.Parse()

	// Only our own collections count, and there is one P with one part of
	// the pool: what is put there is found there.
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(1)
	r := result{Objects: *objects}
	for collections := range *most + 1 {
		r.Left = append(r.Left, left(*objects, collections))
	}
	report.Print(r)
}

func left(objects, collections int) int {
	var pool sync.Pool
	for range objects {
		pool.Put(new(object))
	}
	for range collections {
		runtime.GC()
	}
	found := 0
	for pool.Get() != nil {
		found++
	}
	return found
}
