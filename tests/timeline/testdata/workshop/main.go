// workshop traces itself into the file that it is told: an order (a task)
// that three packers work on in regions "pack", one clerk who works alone in
// a region "file" and then outside of it, a reader that blocks in a system
// call, and a garbage collection.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"syscall"
	"time"
)

var sink [4]int

func work(place, rounds int) {
	for i := range rounds {
		sink[place] += i * i
	}
}

func packer(ctx context.Context, place int, done *sync.WaitGroup) {
	defer done.Done()
	trace.WithRegion(ctx, "pack", func() {
		for range 5 {
			work(place, 200_000)
			time.Sleep(time.Millisecond)
		}
	})
}

func clerk(done *sync.WaitGroup) {
	defer done.Done()
	time.Sleep(time.Millisecond)
	trace.WithRegion(context.Background(), "file", func() {
		work(3, 200_000)
		time.Sleep(time.Millisecond)
	})
	for range 3 {
		work(3, 200_000)
		time.Sleep(2 * time.Millisecond)
	}
}

func reader(fd int, done *sync.WaitGroup) {
	defer done.Done()
	buffer := make([]byte, 1)
	for range 5 {
		syscall.Read(fd, buffer)
	}
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		return err
	}
	if err := trace.Start(file); err != nil {
		return err
	}
	ctx, task := trace.NewTask(context.Background(), "order")
	var done sync.WaitGroup
	done.Add(5)
	for place := range 3 {
		go packer(ctx, place, &done)
	}
	go clerk(&done)
	go reader(pipe[0], &done)
	for range 5 {
		time.Sleep(2 * time.Millisecond)
		syscall.Write(pipe[1], []byte{1})
	}
	runtime.GC()
	done.Wait()
	task.End()
	trace.Stop()
	return file.Close()
}
