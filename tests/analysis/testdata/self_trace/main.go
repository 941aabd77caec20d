// self_trace records its own execution trace, and reads the runtime's own
// histograms of waits and pauses before and after its work. A log in the
// trace says where.
//
//	./self_trace -o FILE
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"runtime/trace"
	"sync"
)

var names = []string{
	"/sched/latencies:seconds",
	"/sched/pauses/total/gc:seconds",
	"/sched/pauses/total/other:seconds",
	"/sched/pauses/stopping/gc:seconds",
}

// A histogram's bounds are in ns; an infinite one is -1.
type histogram struct {
	Bounds []int64  `json:"bounds"`
	Counts []uint64 `json:"counts"`
}

func main() {
	file := flag.String("o", "", "where the trace goes")
	workers := flag.Int("workers", 8, "how many goroutines pass messages on")
	rounds := flag.Int("rounds", 4000, "how many messages each of them passes on")
	flag.Parse()

	out, err := os.Create(*file)
	if err != nil {
		fail(err)
	}
	if err := trace.Start(out); err != nil {
		fail(err)
	}
	before := read()
	trace.Log(context.Background(), "metrics", "read before")
	work(*workers, *rounds)
	trace.Log(context.Background(), "metrics", "read after")
	after := read()
	trace.Stop()
	if err := out.Close(); err != nil {
		fail(err)
	}
	json.NewEncoder(os.Stdout).Encode(difference(before, after))
}

// work passes messages around rings, so that goroutines wait for one
// another and for a P, and lets garbage be collected in between.
func work(workers, rounds int) {
	var all sync.WaitGroup
	for range workers {
		there, back := make(chan []byte), make(chan []byte)
		all.Add(2)
		go func() {
			defer all.Done()
			for message := range there {
				back <- append(message[:0:0], message...)
			}
			close(back)
		}()
		go func() {
			defer all.Done()
			message := make([]byte, 2048)
			for i := range rounds {
				there <- message
				message = <-back
				if i%(rounds/4+1) == 0 {
					runtime.Gosched()
				}
			}
			close(there)
			<-back
		}()
	}
	runtime.GC()
	all.Wait()
}

func read() []metrics.Sample {
	samples := make([]metrics.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	metrics.Read(samples)
	return samples
}

func difference(before, after []metrics.Sample) map[string]histogram {
	all := map[string]histogram{}
	for i, name := range names {
		was, is := before[i].Value.Float64Histogram(), after[i].Value.Float64Histogram()
		h := histogram{}
		for _, bound := range is.Buckets {
			if math.IsInf(bound, 0) {
				h.Bounds = append(h.Bounds, -1)
			} else {
				h.Bounds = append(h.Bounds, int64(math.Round(bound*1e9)))
			}
		}
		for k, count := range is.Counts {
			h.Counts = append(h.Counts, count-was.Counts[k])
		}
		all[name] = h
	}
	return all
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
