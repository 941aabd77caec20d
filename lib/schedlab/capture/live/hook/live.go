// schedlab lays this file over the standard library's package runtime/metrics
// when it builds a program that is to be watched while it runs. The program's
// own files stay as they are.
//
// With SCHEDLAB_LIVE_PIPE set, a goroutine writes what the runtime counts as a
// line of JSON into that named pipe, every SCHEDLAB_LIVE_EVERY nanoseconds. It
// never waits for the reader: a line for which the pipe has no room is dropped,
// and counted in the next one. It writes with bare system calls: package os
// would start the network poller, and a program that has none would then be
// scheduled in another way.
//
// What it changes: one goroutine more, which is taken off the counts, one
// timer, and with that the runtime no longer says "all goroutines are asleep".
package metrics

import (
	"math"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

var schedlabCounts = []struct{ key, name string }{
	{"running", "/sched/goroutines/running:goroutines"},
	{"runnable", "/sched/goroutines/runnable:goroutines"},
	{"waiting", "/sched/goroutines/waiting:goroutines"},
	{"not_in_go", "/sched/goroutines/not-in-go:goroutines"},
	{"gomaxprocs", "/sched/gomaxprocs:threads"},
	{"threads", "/sched/threads/total:threads"},
	{"heap_bytes", "/memory/classes/heap/objects:bytes"},
	{"goal_bytes", "/gc/heap/goal:bytes"},
	{"gc_cycles", "/gc/cycles/total:gc-cycles"},
}

var schedlabHistograms = []struct{ key, name string }{
	{"latencies", "/sched/latencies:seconds"},
	{"pauses", "/sched/pauses/total/gc:seconds"},
	{"pauses", "/sched/pauses/total/other:seconds"},
}

func init() {
	pipe, _ := syscall.Getenv("SCHEDLAB_LIVE_PIPE")
	every, _ := syscall.Getenv("SCHEDLAB_LIVE_EVERY")
	// A child of the program, perhaps the same program again, is not watched.
	syscall.Unsetenv("SCHEDLAB_LIVE_PIPE")
	syscall.Unsetenv("SCHEDLAB_LIVE_EVERY")
	interval, _ := strconv.Atoi(every)
	if pipe == "" || interval <= 0 {
		return
	}
	fd, err := syscall.Open(pipe, syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	go schedlabReport(fd, time.Duration(interval))
}

func schedlabReport(fd int, interval time.Duration) {
	begin := time.Now()
	var samples []Sample
	for _, one := range schedlabCounts {
		samples = append(samples, Sample{Name: one.name})
	}
	for _, one := range schedlabHistograms {
		samples = append(samples, Sample{Name: one.name})
	}
	before := make([][]uint64, len(schedlabHistograms))
	var rest, line []byte
	dropped := 0
	for next := begin; ; {
		rest = schedlabWrite(fd, rest)
		if len(rest) > 0 {
			dropped++
		} else {
			Read(samples)
			line = schedlabLine(line[:0], samples, before, time.Since(begin), dropped)
			rest = schedlabWrite(fd, line)
		}
		next = next.Add(interval)
		if wait := time.Until(next); wait > 0 {
			time.Sleep(wait)
		} else {
			// A program that gave it no time is not asked for what it missed.
			next = time.Now()
			time.Sleep(interval)
		}
	}
}

// schedlabWrite returns what did not go in, without waiting.
func schedlabWrite(fd int, data []byte) []byte {
	for len(data) > 0 {
		n, err := syscall.Write(fd, data)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return data
		}
		data = data[n:]
	}
	return nil
}

func schedlabLine(line []byte, samples []Sample, before [][]uint64, at time.Duration, dropped int) []byte {
	line = append(line, `{"time_ns":`...)
	line = strconv.AppendInt(line, int64(at), 10)
	line = append(line, `,"dropped":`...)
	line = strconv.AppendInt(line, int64(dropped), 10)
	// Without this one. /sched/goroutines:goroutines counts the runtime's own
	// too (schedStatsAggregate.compute in runtime/metrics.go, since Go 1.26).
	line = append(line, `,"goroutines":`...)
	line = strconv.AppendInt(line, int64(runtime.NumGoroutine()-1), 10)
	for i, one := range schedlabCounts {
		if samples[i].Value.Kind() != KindUint64 {
			continue // this release does not count it
		}
		value := samples[i].Value.Uint64()
		if one.key == "running" && value > 0 {
			value-- // this goroutine itself
		}
		line = append(line, `,"`...)
		line = append(line, one.key...)
		line = append(line, `":`...)
		line = strconv.AppendUint(line, value, 10)
	}
	key := ""
	for i, one := range schedlabHistograms {
		value := samples[len(schedlabCounts)+i].Value
		if value.Kind() != KindFloat64Histogram {
			continue
		}
		if one.key != key {
			if key != "" {
				line = append(line, ']')
			}
			key = one.key
			line = append(line, `,"`...)
			line = append(line, key...)
			line = append(line, `":[`...)
		}
		line, before[i] = schedlabNew(line, value.Float64Histogram(), before[i])
	}
	if key != "" {
		line = append(line, ']')
	}
	return append(line, '}', '\n')
}

// schedlabNew adds what a histogram has more of than before: [from in ns, count].
func schedlabNew(line []byte, now *Float64Histogram, before []uint64) ([]byte, []uint64) {
	if before == nil {
		before = make([]uint64, len(now.Counts))
	}
	for i, count := range now.Counts {
		more := count - before[i]
		before[i] = count
		if more == 0 {
			continue
		}
		from := int64(0)
		if bound := now.Buckets[i]; !math.IsInf(bound, 0) {
			from = int64(math.Round(bound * 1e9))
		}
		if line[len(line)-1] == ']' {
			line = append(line, ',')
		}
		line = append(line, '[')
		line = strconv.AppendInt(line, from, 10)
		line = append(line, ',')
		line = strconv.AppendUint(line, more, 10)
		line = append(line, ']')
	}
	return line, before
}
