// gc_load has goroutines that make garbage beside a live heap, goroutines
// that only compute, and goroutines that wake up now and then.
//
// Watch for: how many collections there are (GOGC), who does the marking
// (GOMAXPROCS), and who pays for it: a goroutine that allocates has to help
// with marking, one that computes does not.
//
//	GODEBUG=gctrace=1 GOGC=50 ./gc_load
//	schedlab trace gc_load -o load.trace --summary
package main

import (
	"flag"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	ElapsedNS  int64   `json:"elapsed_ns"`
	CPUNS      int64   `json:"cpu_ns"`      // of the whole process
	Switches   int64   `json:"switches"`    // of its threads by the kernel
	Forced     int64   `json:"involuntary"` // of these, those that no thread asked for
	GOMAXPROCS int     `json:"gomaxprocs"`
	NumCPU     int     `json:"num_cpu"`
	GCs        int64   `json:"gcs"`
	PausesNS   []int64 `json:"pauses_ns"` // of the last 256 collections, both pauses together
	PauseNS    int64   `json:"pause_total_ns"`
	Spun       int64   `json:"spun"` // rounds of the goroutines that compute
}

// An object is garbage soon after it was made, unless it is live.
type object struct {
	next  *object
	bytes [248]byte
}

func main() {
	allocators := flag.Int("allocators", 2, "goroutines that make garbage")
	spinners := flag.Int("spinners", 0, "goroutines that compute meanwhile")
	sleepers := flag.Int("sleepers", 0, "goroutines that wake up every half millisecond")
	live := flag.Int("live-mb", 32, "MiB of live objects")
	garbage := flag.Int("garbage-mb", 512, "MiB of garbage, by all goroutines together")
	flag.Parse()

	kept := list(*live << 20 / 256)
	before, begin := usage(), time.Now()
	var first debug.GCStats
	debug.ReadGCStats(&first)

	var over atomic.Bool
	var spun atomic.Int64
	computing := compute(*spinners, &over, &spun)
	sleeping := sleep(*sleepers, &over)
	allocate(*allocators, *garbage<<20/256 / *allocators).Wait()
	over.Store(true)
	elapsed := time.Since(begin)
	computing.Wait()
	sleeping.Wait()

	after := usage()
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	found := result{
		ElapsedNS: elapsed.Nanoseconds(), CPUNS: after.cpu - before.cpu, Switches: after.switches - before.switches,
		Forced: after.forced - before.forced, GOMAXPROCS: runtime.GOMAXPROCS(0), NumCPU: runtime.NumCPU(),
		GCs: stats.NumGC - first.NumGC, PauseNS: (stats.PauseTotal - first.PauseTotal).Nanoseconds(), Spun: spun.Load(),
	}
	for _, pause := range stats.Pause[:min(int64(len(stats.Pause)), found.GCs)] {
		found.PausesNS = append(found.PausesNS, pause.Nanoseconds())
	}
	runtime.KeepAlive(kept)
	report.Print(found)
}

var sink atomic.Pointer[object]

func list(objects int) []*object {
	kept := make([]*object, objects)
	for i := range kept {
		kept[i] = &object{next: kept[max(i-1, 0)]}
	}
	return kept
}

// allocate starts goroutines that make so many objects each.
func allocate(goroutines, objects int) *sync.WaitGroup {
	var all sync.WaitGroup
	all.Add(goroutines)
	for range goroutines {
		go func() {
			defer all.Done()
			for range objects {
				sink.Store(new(object))
			}
		}()
	}
	return &all
}

// compute starts goroutines that allocate nothing.
func compute(goroutines int, over *atomic.Bool, spun *atomic.Int64) *sync.WaitGroup {
	var all sync.WaitGroup
	all.Add(goroutines)
	for range goroutines {
		go func() {
			defer all.Done()
			for !over.Load() {
				report.Spin(10_000)
				spun.Add(1)
			}
		}()
	}
	return &all
}

// sleep starts goroutines that want a P for a moment, every half millisecond.
func sleep(goroutines int, over *atomic.Bool) *sync.WaitGroup {
	var all sync.WaitGroup
	all.Add(goroutines)
	for range goroutines {
		go func() {
			defer all.Done()
			for !over.Load() {
				time.Sleep(500 * time.Microsecond)
			}
		}()
	}
	return &all
}

type used struct{ cpu, switches, forced int64 }

func usage() used {
	var found syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &found); err != nil {
		report.Fail(err)
	}
	return used{found.Utime.Nano() + found.Stime.Nano(), int64(found.Nvcsw + found.Nivcsw), int64(found.Nivcsw)}
}
