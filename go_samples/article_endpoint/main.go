// article_endpoint is the article's program of its first chapter: a pprof
// server, and 10,000 goroutines that each sleep for a microsecond.
//
// Watch for: which profiles the server really has, how soon the goroutines
// are gone, and what a profile can say about a scheduler that has nothing
// to do. With -bursts 0 the goroutines come again and again; with -spin
// they compute as well, so that they contend for the Ps.
//
//	./article_endpoint -for 5s
package main

import (
	"flag"
	"net"
	"net/http"
	_ "net/http/pprof"
	"sync"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

type listening struct {
	Address string `json:"address"`
}

type result struct {
	Bursts     int   `json:"bursts"`
	Goroutines int   `json:"goroutines"`
	BusyNS     int64 `json:"busy_ns"`
	ElapsedNS  int64 `json:"elapsed_ns"`
	CPUNS      int64 `json:"cpu_ns"`
	// How many goroutines waited how long from runnable to running.
	Latencies []report.Slice `json:"latencies"`
}

func main() {
	latencies := report.HistogramOf("/sched/latencies:seconds")
	goroutines := flag.Int("goroutines", 10_000, "how many goroutines sleep in a burst")
	bursts := flag.Int("bursts", 1, "how many bursts; 0 means one after the other until the end")
	spin := flag.Int("spin", 0, "rounds that each goroutine computes after its sleep; a round is a few cycles")
	length := flag.Duration("for", 5*time.Second, "when the program ends")
	flag.Parse()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		report.Fail(err)
	}
	go http.Serve(listener, nil)
	report.Print(listening{Address: listener.Addr().String()})

	begin := time.Now()
	end := begin.Add(*length)
	r := result{Goroutines: *goroutines}
	for (*bursts == 0 || r.Bursts < *bursts) && time.Now().Before(end) {
		burst(*goroutines, *spin)
		r.Bursts++
	}
	r.BusyNS = time.Since(begin).Nanoseconds()
	time.Sleep(time.Until(end))
	r.ElapsedNS = time.Since(begin).Nanoseconds()
	r.CPUNS = cpuTime()
	r.Latencies = latencies.Since()
	report.Print(r)
}

func burst(goroutines, spin int) {
	var all sync.WaitGroup
	all.Add(goroutines)
	for range goroutines {
		go func() {
			defer all.Done()
			time.Sleep(time.Microsecond)
			report.Spin(spin)
		}()
	}
	all.Wait()
}

func cpuTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		report.Fail(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
