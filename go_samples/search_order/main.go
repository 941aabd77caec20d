// search_order fills every place in which a P looks for a goroutine, lets one
// P loose on them, and notes in which order it runs what it finds.
//
// There are two Ps. One is held by a goroutine that computes and has started
// others: they wait in its P's queue, and the first P can only steal them.
// The first P has more of its own than its queue holds, so some of them are in
// the global queue. And some goroutines wait for a pipe that is just written to.
//
// Watch for: the letters of a round. o is one of its own, from the local or
// from the global queue; n waited for the network poller; s was stolen. With
// probes each run also says where it was found. Preemption is off, or the
// computing goroutine would give its P away.
//
//	GODEBUG=asyncpreemptoff=1 ./search_order -rounds 10
package main

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Own     int      `json:"own"`
	Network int      `json:"network"`
	Stolen  int      `json:"stolen"`
	Rounds  []string `json:"rounds"`
}

// A round is the letters of those that ran, in their order.
type round struct {
	order []byte
	ran   atomic.Int64
	all   sync.WaitGroup
}

func (r *round) note(letter byte) {
	r.order[r.ran.Add(1)-1] = letter
	r.all.Done()
}

func main() {
	rounds := flag.Int("rounds", 10, "how many rounds")
	own := flag.Int("own", 400, "goroutines of the first P's own; its queue holds 256")
	network := flag.Int("network", 4, "goroutines that wait for a pipe")
	stolen := flag.Int("stolen", 64, "goroutines in the queue of the other P")
	flag.Parse()

	runtime.GOMAXPROCS(2)
	debug.SetGCPercent(-1)
	out := result{Own: *own, Network: *network, Stolen: *stolen}
	for range *rounds {
		out.Rounds = append(out.Rounds, play(*own, *network, *stolen))
	}
	report.Print(out)
}

func play(own, network, stolen int) string {
	r := &round{order: make([]byte, own+network+stolen)}
	r.all.Add(len(r.order))
	pipes := waiting(r, network)
	other := holder{stolen: stolen}
	other.take(r)

	for range own {
		go r.note('o')
	}
	for _, pipe := range pipes {
		if _, err := pipe.Write([]byte{1}); err != nil {
			report.Fail(err)
		}
	}
	// Now the first P has nothing to run but what it finds.
	r.all.Wait()
	other.free()
	for _, pipe := range pipes {
		_ = pipe.Close()
	}
	return string(r.order)
}

// waiting starts goroutines that each wait for a pipe, and returns the ends to
// write to.
func waiting(r *round, goroutines int) []*os.File {
	pipes := make([]*os.File, goroutines)
	for i := range pipes {
		reader, writer, err := os.Pipe()
		if err != nil {
			report.Fail(err)
		}
		pipes[i] = writer
		go func() {
			if _, err := reader.Read(make([]byte, 1)); err != nil {
				report.Fail(err)
			}
			r.note('n')
			_ = reader.Close()
		}()
	}
	// They run and park meanwhile.
	time.Sleep(2 * time.Millisecond)
	return pipes
}

// A holder keeps the other P busy. It asks for no lock and calls nothing while
// it waits: it cannot be made to give way.
type holder struct {
	stolen               int
	has, fill, full, end atomic.Bool
	gone                 sync.WaitGroup
}

// take returns when the other P is taken and its queue is full.
func (h *holder) take(r *round) {
	h.gone.Add(1)
	go func() {
		defer h.gone.Done()
		h.has.Store(true)
		for !h.fill.Load() {
		}
		// Begin a new time slice, so that starting them does not end this one.
		runtime.Gosched()
		for range h.stolen {
			go r.note('s')
		}
		h.full.Store(true)
		for !h.end.Load() {
		}
	}()
	for !h.has.Load() {
	}
	// A thread without a P may sleep in the network poller, and would take from
	// the first P what it is to find. A timer wakes it; with no P it goes away.
	timer := time.AfterFunc(time.Hour, func() {})
	for begin := time.Now(); time.Since(begin) < time.Millisecond; {
	}
	timer.Stop()
	runtime.Gosched() // the same here
	h.fill.Store(true)
	for !h.full.Load() {
	}
}

func (h *holder) free() {
	h.end.Store(true)
	h.gone.Wait()
}
