// handoffs has pairs of goroutines that hand a token back and forth, and
// writes its own execution trace.
//
// Watch for: each handover is a goroutine that blocks and one that becomes
// runnable, so a trace of any size can be had by asking for more of them.
//
//	./handoffs -trace handoffs.trace -exchanges 100000
package main

import (
	"flag"
	"os"
	"runtime"
	"runtime/trace"
	"sync"

	"schedlab/samples/internal/report"
)

type result struct {
	Exchanges  int   `json:"exchanges"`
	Spawned    int   `json:"spawned"`
	GOMAXPROCS int   `json:"gomaxprocs"`
	TraceBytes int64 `json:"trace_bytes"`
}

// spawnEvery is how many exchanges go by until a pair starts a goroutine
// that does next to nothing: real programs start goroutines too.
const spawnEvery = 16

func main() {
	name := flag.String("trace", "", "write the execution trace to this file")
	pairs := flag.Int("pairs", 8, "how many pairs of goroutines")
	exchanges := flag.Int("exchanges", 100_000, "how often a token changes hands, all pairs together")
	flag.Parse()

	out := result{GOMAXPROCS: runtime.GOMAXPROCS(0)}
	stop := start(*name)
	each := *exchanges / (2 * *pairs)
	var all sync.WaitGroup
	for range *pairs {
		all.Add(2)
		there, back := make(chan int), make(chan int)
		go func() {
			defer all.Done()
			serve(there, back, each, &all)
		}()
		go func() {
			defer all.Done()
			answer(there, back)
		}()
		out.Exchanges += 2 * each
		out.Spawned += each / spawnEvery
	}
	all.Wait()
	out.TraceBytes = stop()
	report.Print(out)
}

// serve begins every exchange of a pair, and starts a goroutine now and then.
func serve(there, back chan int, times int, all *sync.WaitGroup) {
	for i := range times {
		there <- i
		<-back
		if i%spawnEvery == spawnEvery-1 {
			all.Add(1)
			go func() {
				defer all.Done()
				report.Spin(100)
			}()
		}
	}
	close(there)
}

func answer(there, back chan int) {
	for i := range there {
		report.Spin(20)
		back <- i
	}
}

// start begins the trace, if one is wanted; the function that it returns
// ends it and says how long the file is.
func start(name string) func() int64 {
	if name == "" {
		return func() int64 { return 0 }
	}
	file, err := os.Create(name)
	if err != nil {
		report.Fail(err)
	}
	if err := trace.Start(file); err != nil {
		report.Fail(err)
	}
	return func() int64 {
		trace.Stop()
		size, err := file.Seek(0, 1)
		if err != nil {
			report.Fail(err)
		}
		if err := file.Close(); err != nil {
			report.Fail(err)
		}
		return size
	}
}
