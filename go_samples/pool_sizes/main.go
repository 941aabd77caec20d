// pool_sizes uses a pool of buffers for small answers, and now and then for
// a large one.
//
// Watch for: each buffer was large once, and stays large. With a limit, large
// ones are not put back.
//
//	./pool_sizes
//	./pool_sizes -limit 65536
package main

import (
	"bytes"
	"flag"
	"runtime"
	"sync"

	"schedlab/samples/internal/report"
)

const small, large = 1 << 10, 1 << 20

type result struct {
	Held   int `json:"held"`
	Rounds int `json:"rounds"`
	Limit  int `json:"limit"`
	// The capacities of all buffers in use at the end, together.
	KeptBytes int `json:"kept_bytes"`
	Large     int `json:"large"`
}

var pool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func main() {
	held := flag.Int("held", 50, "how many buffers are in use at once")
	rounds := flag.Int("rounds", 200, "how often; in each round one buffer needs a mebibyte")
	limit := flag.Int("limit", 0, "put no buffer back that is larger; 0 is no limit")
	flag.Parse()

	runtime.GOMAXPROCS(1)
	for round := range *rounds {
		use(*held, *limit, round%*held)
	}
	r := result{Held: *held, Rounds: *rounds, Limit: *limit}
	for range *held {
		buffer := pool.Get().(*bytes.Buffer)
		r.KeptBytes += buffer.Cap()
		if buffer.Cap() >= large {
			r.Large++
		}
	}
	report.Print(r)
}

// use takes so many buffers at once, and puts them back in the order in which
// the pool will give them out again.
func use(held, limit, largest int) {
	buffers := make([]*bytes.Buffer, held)
	for i := range buffers {
		buffers[i] = pool.Get().(*bytes.Buffer)
		size := small
		if i == largest {
			size = large
		}
		buffers[i].Reset()
		buffers[i].Write(make([]byte, size))
	}
	for _, buffer := range buffers {
		if limit == 0 || buffer.Cap() <= limit {
			pool.Put(buffer)
		}
	}
}
