package main

import (
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"time"
)

// A status is how the service did since the last one.
type status struct {
	Orders      int     `json:"orders"`
	MedianMS    float64 `json:"median_ms"`
	SlowestMS   float64 `json:"slowest_ms"`
	Goroutines  int     `json:"goroutines"`
	Threads     int     `json:"threads"`
	HeapMiB     float64 `json:"heap_mib"`
	Collections uint64  `json:"collections"`
}

// counts is how long orders took.
type counts struct {
	mu    sync.Mutex
	times []time.Duration
}

func (c *counts) add(took time.Duration) {
	c.mu.Lock()
	c.times = append(c.times, took)
	c.mu.Unlock()
}

func (c *counts) since() status {
	c.mu.Lock()
	times := c.times
	c.times = nil
	c.mu.Unlock()
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(samples)
	now := status{
		Orders:      len(times),
		Goroutines:  runtime.NumGoroutine(),
		Threads:     threads(),
		HeapMiB:     float64(samples[0].Value.Uint64()>>10) / 1024,
		Collections: samples[1].Value.Uint64(),
	}
	if len(times) > 0 {
		slices.Sort(times)
		now.MedianMS = float64(times[len(times)/2].Microseconds()) / 1000
		now.SlowestMS = float64(times[len(times)-1].Microseconds()) / 1000
	}
	return now
}

// threads is the kernel's count; 0 where it does not tell.
func threads() int {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return 0
	}
	return len(tasks)
}
