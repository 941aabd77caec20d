// service answers requests the way a small server does: each one waits for
// a dependency, computes, and allocates what it answers with, beside a heap
// that stays.
//
// Watch for: how throughput, latency, memory and the share of the garbage
// collector move when GOMAXPROCS, GOGC and GOMEMLIMIT do. With -rate the
// requests come at their own times, whether the service keeps up or not, and
// a latency counts from then; without it, each client sends its next request
// when it has the answer. With -requests it ends after so many of them, and
// the work is the same however fast the machine is.
//
//	./service -for 2s -clients 16
//	./service -for 2s -rate 500
package main

import (
	"flag"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Operations int64 `json:"ops"`
	ElapsedNS  int64 `json:"elapsed_ns"`
	P50NS      int64 `json:"p50_ns"`
	P99NS      int64 `json:"p99_ns"`
}

var (
	rounds  = flag.Int("rounds", 60_000, "how much each request computes")
	bytes   = flag.Int("bytes", 64<<10, "how much each request allocates, in pieces of 512 bytes")
	wait    = flag.Duration("wait", time.Millisecond, "how long each request waits for its dependency")
	live    = flag.Int("live", 8<<20, "how many bytes of small objects stay alive")
	clients = flag.Int("clients", 16, "how many clients there are when -rate is 0")
	rate    = flag.Float64("rate", 0, "requests per second; 0 means as many as the clients get answered")
	profile = flag.String("profile", "", "a file for a CPU profile of the run")
	warm    = flag.Duration("warm", 200*time.Millisecond, "how long it runs before it counts")
	length  = flag.Duration("for", 2*time.Second, "how long it counts")
	number  = flag.Int64("requests", 0, "how many requests the clients send; 0 means as many as -for allows")
)

func main() {
	flag.Parse()
	defer report.CPUProfile(*profile)()
	kept := fill(*live)
	begin := time.Now().Add(*warm)
	end := begin.Add(*length)
	if *number > 0 {
		begin, end = time.Now(), time.Now().Add(time.Hour)
	}
	latencies := closed
	if *rate > 0 {
		latencies = open
	}
	found := latencies(begin, end)
	r := result{Operations: int64(len(found)), ElapsedNS: time.Since(begin).Nanoseconds()}
	slices.Sort(found)
	if len(found) > 0 {
		r.P50NS = found[len(found)/2].Nanoseconds()
		r.P99NS = found[len(found)*99/100].Nanoseconds()
	}
	kept[0] = nil
	report.Print(r)
}

// closed gives the latencies of clients that wait for each answer.
func closed(begin, end time.Time) []time.Duration {
	each := make([][]time.Duration, *clients)
	var sent atomic.Int64
	var all sync.WaitGroup
	for i := range each {
		all.Add(1)
		go func() {
			defer all.Done()
			for now := time.Now(); now.Before(end); {
				if n := sent.Add(1); *number > 0 && n > *number {
					return
				}
				answer()
				done := time.Now()
				if now.After(begin) {
					each[i] = append(each[i], done.Sub(now))
				}
				now = done
			}
		}()
	}
	all.Wait()
	return slices.Concat(each...)
}

// open gives the latencies of requests that come at random times, each
// counted from when it came.
func open(begin, end time.Time) []time.Duration {
	var found []time.Duration
	var guard sync.Mutex
	var all sync.WaitGroup
	for due := time.Now(); due.Before(end); {
		due = due.Add(time.Duration(rand.ExpFloat64() / *rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		all.Add(1)
		go func() {
			defer all.Done()
			answer()
			if due.After(begin) {
				guard.Lock()
				found = append(found, time.Since(due))
				guard.Unlock()
			}
		}()
	}
	all.Wait()
	return found
}

// answer is one request.
func answer() {
	time.Sleep(*wait)
	pieces := fill(*bytes)
	report.Spin(*rounds)
	pieces[0] = nil
}

// fill makes that many bytes of objects which the collector has to follow.
func fill(size int) []*[64]*byte {
	pieces := make([]*[64]*byte, size/512+1)
	for i := range pieces {
		pieces[i] = new([64]*byte)
	}
	return pieces
}
