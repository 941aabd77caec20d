// everyday writes an execution trace of a program that does a little of
// everything: channels, a mutex, select, the network, system calls, the
// garbage collector, tasks, regions and logs with text that needs escaping.
//
//	./everyday -o trace.out -for 100ms
package main

import (
	"context"
	"flag"
	"io"
	"log"
	"net"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

var kept [][]byte

func main() {
	file := flag.String("o", "trace.out", "where the trace goes")
	length := flag.Duration("for", 100*time.Millisecond, "how long it works")
	flag.Parse()
	out, err := os.Create(*file)
	check(err)
	var wait, began sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	// Blocked before the trace begins, and after it has ended.
	early := make(chan struct{})
	wait.Go(func() { <-early })
	check(trace.Start(out))
	for _, part := range []func(context.Context, func()){pingPong, locked, selects, overNetwork, systemCalls, tasks, garbage, spin} {
		began.Add(1)
		wait.Go(func() { part(ctx, sync.OnceFunc(began.Done)) })
	}
	time.Sleep(*length)
	// However slow the machine is, all of it is in the trace.
	began.Wait()
	runtime.GC()
	trace.Stop()
	check(out.Close())
	cancel()
	close(early)
	wait.Wait()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func pingPong(ctx context.Context, done func()) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		defer close(pong)
		for n := range ping {
			pong <- n
		}
	}()
	for n := 0; ctx.Err() == nil; n++ {
		ping <- n
		<-pong
		if n == 200 {
			done()
		}
		if n%8 == 0 {
			time.Sleep(100 * time.Microsecond)
		}
	}
	close(ping)
}

func locked(ctx context.Context, done func()) {
	var lock sync.Mutex
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			for ctx.Err() == nil {
				lock.Lock()
				time.Sleep(50 * time.Microsecond)
				lock.Unlock()
				runtime.Gosched()
				done()
			}
		})
	}
	both.Wait()
}

func selects(ctx context.Context, done func()) {
	ticks := time.NewTicker(100 * time.Microsecond)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			// A goroutine that is new each time.
			go func() { _ = time.Now() }()
			done()
		case <-ctx.Done():
			return
		}
	}
}

func overNetwork(ctx context.Context, done func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() {
		server, err := listener.Accept()
		check(err)
		_, _ = io.Copy(server, server)
		server.Close()
	}()
	client, err := net.Dial("tcp", listener.Addr().String())
	check(err)
	message := make([]byte, 64)
	for ctx.Err() == nil {
		_, err = client.Write(message)
		check(err)
		_, err = io.ReadFull(client, message)
		check(err)
		time.Sleep(100 * time.Microsecond)
		done()
	}
	client.Close()
	listener.Close()
}

func systemCalls(ctx context.Context, done func()) {
	for ctx.Err() == nil {
		_, err := os.Stat("/")
		check(err)
		reader, writer, err := os.Pipe()
		check(err)
		reader.Close()
		writer.Close()
		time.Sleep(200 * time.Microsecond)
		done()
	}
}

func tasks(ctx context.Context, done func()) {
	for ctx.Err() == nil {
		within, task := trace.NewTask(ctx, "order \"one\"\n</script>")
		trace.WithRegion(within, "outer", func() {
			trace.Log(within, "kind", "quote \" backslash \\ control \x01 line\n invalid \xff umlaut ü")
			trace.WithRegion(within, "inner", func() { time.Sleep(time.Millisecond) })
			var handed sync.WaitGroup
			handed.Go(func() { trace.WithRegion(within, "helper", runtime.Gosched) })
			handed.Wait()
		})
		task.End()
		done()
	}
}

func garbage(ctx context.Context, done func()) {
	for n := 0; ctx.Err() == nil; n++ {
		kept = append(kept, make([]byte, 32<<10))
		if len(kept) > 200 {
			kept = nil
			time.Sleep(time.Millisecond)
		}
		if n%500 == 0 {
			runtime.GC()
			done()
		}
	}
}

func spin(ctx context.Context, done func()) {
	for ctx.Err() == nil {
		for begin := time.Now(); time.Since(begin) < 12*time.Millisecond; {
		}
		time.Sleep(5 * time.Millisecond)
		done()
	}
}
