// trace_everything does, in about a second, each thing that an execution
// trace can hold: handoffs over a channel, a fought-over mutex, the network,
// short and long system calls, timers, Gosched, goroutines that must be
// preempted, a locked thread, garbage collections with assists, another
// GOMAXPROCS, CPU samples, and a task with regions and log lines.
//
// Watch for: each part is a region of its own, named as in parts.go. The
// numbers that the program prints are counted by itself and by the runtime,
// not by the trace: the two must agree. The runtime measures /sched/latencies
// for one in eight goroutine switches only (gTrackingPeriod in
// runtime/proc.go), so compare that distribution, not its count.
//
//	./trace_everything -trace everything.trace
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"runtime/trace"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Release    string `json:"release"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	NumCPU     int    `json:"num_cpu"`
	Trace      string `json:"trace"`
	ElapsedNS  int64  `json:"elapsed_ns"`
	// What was done, by region, and how long that took.
	Parts []partResult `json:"parts"`
	// What the runtime counted meanwhile.
	Collections int64          `json:"collections"`
	AssistNS    int64          `json:"assist_ns"`
	GCPauses    []report.Slice `json:"gc_pauses"`
	OtherPauses []report.Slice `json:"other_pauses"`
	Latencies   []report.Slice `json:"latencies"`
}

type partResult struct {
	Region    string `json:"region"`
	What      string `json:"what"`
	Count     int    `json:"count"`
	ElapsedNS int64  `json:"elapsed_ns"`
}

func main() {
	var s size
	flag.IntVar(&s.rounds, "rounds", 200, "how often each thing is done")
	flag.IntVar(&s.collections, "collections", 4, "how many garbage collections to provoke")
	flag.IntVar(&s.heapMiB, "heap", 32, "what stays alive on the heap, in MiB")
	flag.DurationVar(&s.spin, "spin", 60*time.Millisecond, "how long goroutines compete for processors")
	samples := flag.Bool("samples", true, "take CPU samples, which then are in the trace")
	file := flag.String("trace", "", "write the trace into this file; without it none is written")
	flag.Parse()
	if s.rounds < 1 || s.collections < 0 || s.heapMiB < 1 {
		report.Fail(fmt.Errorf("trace_everything: -rounds and -heap must be 1 or more, -collections 0 or more"))
	}

	stop := report.Trace(*file)
	if *samples {
		if err := pprof.StartCPUProfile(io.Discard); err != nil {
			report.Fail(err)
		}
	}
	r := everything(s)
	if *samples {
		pprof.StopCPUProfile()
	}
	stop()
	r.Trace = *file
	report.Print(r)
}

func everything(s size) result {
	ctx, task := trace.NewTask(context.Background(), "everything")
	defer task.End()

	settle()
	begin := time.Now()
	collections, assist := report.Metric("/gc/cycles/total:gc-cycles"), assistTime()
	gcPauses := report.HistogramOf("/sched/pauses/total/gc:seconds")
	otherPauses := report.HistogramOf("/sched/pauses/total/other:seconds")
	latencies := report.HistogramOf("/sched/latencies:seconds")

	r := result{Release: runtime.Version(), GOMAXPROCS: runtime.GOMAXPROCS(0), NumCPU: runtime.NumCPU()}
	for _, p := range parts {
		r.Parts = append(r.Parts, run(ctx, p, s))
	}

	settle()
	r.Latencies = latencies.Since()
	r.OtherPauses = otherPauses.Since()
	r.GCPauses = gcPauses.Since()
	r.Collections = report.Metric("/gc/cycles/total:gc-cycles") - collections
	r.AssistNS = assistTime() - assist
	r.ElapsedNS = time.Since(begin).Nanoseconds()
	return r
}

func run(ctx context.Context, p part, s size) partResult {
	begin := time.Now()
	var count int
	var err error
	trace.WithRegion(ctx, p.name, func() { count, err = p.do(s) })
	if err != nil {
		report.Fail(fmt.Errorf("%s: %w", p.name, err))
	}
	trace.Logf(ctx, p.name, "%d %s", count, p.what)
	return partResult{p.name, p.what, count, time.Since(begin).Nanoseconds()}
}

// settle waits for a collection that is going on, which would be counted in
// part, and for the end of its last pause: ReadMemStats stops the world, and
// only one may do that at a time.
func settle() {
	runtime.GC()
	runtime.ReadMemStats(new(runtime.MemStats))
}

// assistTime is the time that goroutines spent on collecting for the garbage
// collector. The runtime brings it up to date at the end of a collection.
func assistTime() int64 {
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/mark/assist:cpu-seconds"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Float64() * 1e9)
}
