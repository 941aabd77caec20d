// Package foreign makes calls that leave Go, and watches what the goroutines
// that stay get done meanwhile. What a call does is the caller's affair: C
// code, or a system call.
package foreign

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"schedlab/samples/internal/report"
)

// A Call leaves Go for that long.
type Call func(time.Duration)

// A Lasting says of one length of calls how often another goroutine had the
// P before the call was back.
type Lasting struct {
	CallNS int64 `json:"call_ns"`
	Calls  int   `json:"calls"`
	Lost   int   `json:"lost"`
	// From the beginning of each call that lost the P to the first
	// instruction of the other goroutine.
	TakenAfterNS []int64 `json:"taken_after_ns"`
}

// Lose makes calls of each length on one P, while another goroutine is ready
// for it. Before each call it rests for a while: the longer nothing had to be
// done, the more rarely sysmon looks.
func Lose(call Call, lengths []time.Duration, times int, rest time.Duration) []Lasting {
	runtime.GOMAXPROCS(1)
	var turns, first atomic.Int64
	var over atomic.Bool
	start := time.Now()
	go func() {
		for ; !over.Load(); runtime.Gosched() {
			first.CompareAndSwap(0, int64(time.Since(start)))
			turns.Add(1)
			report.Spin(10_000)
		}
	}()
	found := make([]Lasting, len(lengths))
	for i, length := range lengths {
		found[i] = Lasting{CallNS: int64(length), Calls: times, TakenAfterNS: []int64{}}
		for range times {
			time.Sleep(rest)
			// After this the other goroutine has just had its turn, and waits.
			runtime.Gosched()
			before, began := turns.Load(), int64(time.Since(start))
			first.Store(0)
			call(length)
			if turns.Load() > before {
				found[i].Lost++
				found[i].TakenAfterNS = append(found[i].TakenAfterNS, first.Load()-began)
			}
		}
	}
	over.Store(true)
	return found
}

// A Crowd says what many calls at once cost.
type Crowd struct {
	GOMAXPROCS    int `json:"gomaxprocs"`
	Goroutines    int `json:"goroutines"`
	Limit         int `json:"limit"`
	ThreadsBefore int `json:"threads_before"`
	ThreadsDuring int `json:"threads_during"`
	ThreadsAfter  int `json:"threads_after"`
	// From the first call to the return of the last.
	ElapsedNS int64 `json:"elapsed_ns"`
	// The most calls that were out at one time.
	MostAtOnce int64 `json:"most_at_once"`
	// What one computing goroutine per P got done in a while before the
	// calls, and in a while of the same length during them.
	RoundsBefore int64 `json:"rounds_before"`
	RoundsDuring int64 `json:"rounds_during"`
	// Other goroutines that were started during the calls, and how many of
	// them ended before the first call was back.
	Others      int   `json:"others"`
	OthersEnded int64 `json:"others_ended"`
	Returned    int64 `json:"returned"`
}

// Together makes one call in each of n goroutines at once. With a limit above
// 0 no more than that many are out at a time; the others wait in Go.
func Together(call Call, n, limit int, length, watch time.Duration) Crowd {
	c := Crowd{GOMAXPROCS: runtime.GOMAXPROCS(0), Goroutines: n, Limit: limit, Others: 100}
	var out, most, returned atomic.Int64
	semaphore := make(chan struct{}, max(limit, 1))
	c.RoundsBefore = compute(watch)
	c.ThreadsBefore = report.Threads()
	var all sync.WaitGroup
	all.Add(n)
	began := time.Now()
	for range n {
		go func() {
			defer all.Done()
			if limit > 0 {
				semaphore <- struct{}{}
				defer func() { <-semaphore }()
			}
			raise(&most, out.Add(1))
			call(length)
			out.Add(-1)
			returned.Add(1)
		}()
	}
	atOnce := int64(n)
	if limit > 0 {
		atOnce = min(atOnce, int64(limit))
	}
	for end := time.Now().Add(10 * time.Second); out.Load() < atOnce && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	c.OthersEnded = others(c.Others, &returned)
	c.RoundsDuring = compute(watch)
	c.ThreadsDuring = report.Threads()
	all.Wait()
	c.ElapsedNS, c.ThreadsAfter = int64(time.Since(began)), report.Threads()
	c.MostAtOnce, c.Returned = most.Load(), returned.Load()
	return c
}

// others starts goroutines and counts those that ended before a call was back.
func others(n int, returned *atomic.Int64) int64 {
	var ended atomic.Int64
	for range n {
		go func() {
			report.Spin(1000)
			if returned.Load() == 0 {
				ended.Add(1)
			}
		}()
	}
	for ended.Load() < int64(n) && returned.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	return ended.Load()
}

// compute says how many rounds one goroutine per P does in that time.
func compute(watch time.Duration) int64 {
	var rounds atomic.Int64
	var all sync.WaitGroup
	end := time.Now().Add(watch)
	for range runtime.GOMAXPROCS(0) {
		all.Add(1)
		go func() {
			defer all.Done()
			for time.Now().Before(end) {
				report.Spin(10_000)
				rounds.Add(10_000)
			}
		}()
	}
	all.Wait()
	return rounds.Load()
}

func raise(most *atomic.Int64, to int64) {
	for {
		seen := most.Load()
		if to <= seen || most.CompareAndSwap(seen, to) {
			return
		}
	}
}
