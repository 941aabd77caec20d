// selftrace writes an execution trace of itself with everything in it that a
// trace can hold: user tasks, regions and logs, CPU samples, garbage
// collection with assists and sweeping, system calls, changes of GOMAXPROCS.
//
//	selftrace -rounds 5 FILE
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"syscall"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "how many times to do everything")
	profile := flag.Bool("profile", true, "with CPU samples")
	flag.Parse()
	file, err := os.Create(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	out := bufio.NewWriter(file)
	if err := trace.Start(out); err != nil {
		log.Fatal(err)
	}
	if *profile {
		if err := pprof.StartCPUProfile(io.Discard); err != nil {
			log.Fatal(err)
		}
	}
	for range make([]struct{}, *rounds) {
		work()
	}
	if *profile {
		burn(60 * time.Millisecond)
		pprof.StopCPUProfile()
	}
	trace.Stop()
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}

func work() {
	ctx, outer := trace.NewTask(context.Background(), "outer")
	annotate(ctx)
	outer.End()
	pingPong(200)
	collect()
	readNothing()
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(before + 1)
	runtime.GOMAXPROCS(before)
}

func annotate(ctx context.Context) {
	inner, task := trace.NewTask(ctx, "inner")
	defer task.End()
	trace.Log(inner, "colour", "<red> & 'blue'")
	trace.WithRegion(inner, "nested", func() {
		trace.WithRegion(inner, "nested", func() {
			trace.Log(inner, "depth", "2")
			spin(50 * time.Microsecond)
		})
		spin(50 * time.Microsecond)
	})
}

func pingPong(times int) {
	there, back := make(chan int), make(chan int)
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		for value := range there {
			back <- value
		}
	}()
	for i := 0; i < times; i++ {
		there <- i
		<-back
	}
	close(there)
	done.Wait()
}

var kept [64][]byte

// collect allocates with a small heap goal, so that goroutines must assist.
func collect() {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	var all sync.WaitGroup
	for i := range kept[:4] {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			for n := 0; n < 100; n++ {
				kept[i*16+n%16] = bytes.Repeat([]byte{1}, 16<<10)
			}
		}(i)
	}
	all.Wait()
	runtime.GC()
}

func readNothing() {
	for i := 0; i < 20; i++ {
		file, err := os.Open(os.DevNull)
		if err != nil {
			log.Fatal(err)
		}
		_ = file.Close()
	}
}

// burn takes that much of a processor, however long that lasts.
func burn(processor time.Duration) {
	for until := used() + processor; used() < until; {
	}
}

func used() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func spin(long time.Duration) {
	for begun := time.Now(); time.Since(begun) < long; {
	}
}
