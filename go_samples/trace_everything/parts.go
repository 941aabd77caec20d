package main

import (
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

type size struct {
	rounds, collections, heapMiB int
	spin                         time.Duration
}

// A part does one kind of thing, and says how often.
type part struct {
	name string
	what string
	do   func(size) (int, error)
}

var parts = []part{
	{"channel", "handoffs to a waiting goroutine", overChannel},
	{"mutex", "locks of a mutex that was held", onMutex},
	{"network", "answers from an echo server", overNetwork},
	{"file", "writes of 4 KiB", toFile},
	{"blocking", "reads that blocked a thread", inSystemCall},
	{"timers", "timers that fired", onTimers},
	{"yield", "calls of Gosched", byGosched},
	{"preempt", "goroutines that never gave way", byPreemption},
	{"thread", "handoffs to a locked thread", onOwnThread},
	{"procs", "changes of GOMAXPROCS", onOtherProcs},
	{"collect", "garbage collections", withAssists},
}

// overChannel plays ping-pong: each value goes to a goroutine that waits.
func overChannel(s size) (int, error) {
	return pingPong(s.rounds, func() {}), nil
}

// onOwnThread plays the same with a goroutine that only one thread may run.
func onOwnThread(s size) (int, error) {
	return pingPong(s.rounds, runtime.LockOSThread), nil
}

func pingPong(rounds int, prepare func()) int {
	ping, pong := make(chan int), make(chan int)
	go func() {
		prepare()
		for value := range ping {
			pong <- value
		}
		close(pong)
	}()
	handoffs := 0
	for i := range rounds {
		ping <- i
		<-pong
		handoffs += 2
	}
	close(ping)
	<-pong
	return handoffs
}

// onMutex holds a mutex until the goroutine that wants it sleeps for it.
func onMutex(s size) (int, error) {
	var mutex sync.Mutex
	locks := 0
	for range s.rounds {
		mutex.Lock()
		wants, done := make(chan struct{}), make(chan struct{})
		go func() {
			close(wants)
			mutex.Lock()
			locks++
			mutex.Unlock()
			close(done)
		}()
		<-wants
		time.Sleep(50 * time.Microsecond)
		mutex.Unlock()
		<-done
	}
	return locks, nil
}

// overNetwork waits in the network poller for each answer.
func overNetwork(s size) (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.Copy(struct{ io.Writer }{conn}, struct{ io.Reader }{conn})
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	message := make([]byte, 64)
	for i := range s.rounds {
		if _, err := conn.Write(message); err != nil {
			return i, err
		}
		if _, err := io.ReadFull(conn, message); err != nil {
			return i, err
		}
	}
	return s.rounds, nil
}

// toFile makes system calls that return at once.
func toFile(s size) (int, error) {
	file, err := os.CreateTemp("", "trace_everything")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	block := make([]byte, 4096)
	for i := range s.rounds {
		if _, err := file.Write(block); err != nil {
			return i, err
		}
	}
	return s.rounds, nil
}

// inSystemCall blocks in read(2), so long that sysmon takes the P away. The
// pipe is unknown to the network poller: a thread waits in the kernel.
func inSystemCall(s size) (int, error) {
	pipe := make([]int, 2)
	if err := syscall.Pipe(pipe); err != nil {
		return 0, err
	}
	defer syscall.Close(pipe[0])
	defer syscall.Close(pipe[1])
	reads := 0
	for range max(1, s.rounds/20) {
		time.AfterFunc(2*time.Millisecond, func() { syscall.Write(pipe[1], []byte{1}) })
		if _, err := syscall.Read(pipe[0], make([]byte, 1)); err != nil {
			return reads, err
		}
		reads++
	}
	return reads, nil
}

// onTimers has goroutines sleep for different times.
func onTimers(s size) (int, error) {
	var all sync.WaitGroup
	all.Add(s.rounds)
	for i := range s.rounds {
		go func() {
			defer all.Done()
			time.Sleep(time.Duration(i%20) * 250 * time.Microsecond)
		}()
	}
	all.Wait()
	return s.rounds, nil
}

// byGosched has goroutines give way to one another.
func byGosched(s size) (int, error) {
	goroutines := 2 * runtime.GOMAXPROCS(0)
	var all sync.WaitGroup
	all.Add(goroutines)
	for range goroutines {
		go func() {
			defer all.Done()
			for range s.rounds {
				runtime.Gosched()
			}
		}()
	}
	all.Wait()
	return goroutines * s.rounds, nil
}

// byPreemption has more goroutines compute than there are Ps. None gives way
// by itself; sysmon asks each for it after 10 ms.
func byPreemption(s size) (int, error) {
	goroutines := 2 * runtime.GOMAXPROCS(0)
	end := time.Now().Add(s.spin)
	var all sync.WaitGroup
	all.Add(goroutines)
	for range goroutines {
		go func() {
			defer all.Done()
			for time.Now().Before(end) {
				report.Spin(100_000)
			}
		}()
	}
	all.Wait()
	return goroutines, nil
}

// onOtherProcs stops the world twice, to work with one P fewer or more.
func onOtherProcs(size) (int, error) {
	before := runtime.GOMAXPROCS(0)
	other := before - 1
	if other == 0 {
		other = 2
	}
	runtime.GOMAXPROCS(other)
	report.Spin(1_000_000)
	runtime.GOMAXPROCS(before)
	return 2, nil
}

type node struct {
	next  *node
	bytes [56]byte
}

// withAssists allocates faster than the collector can mark, on a heap full of
// pointers: whoever allocates must then help.
func withAssists(s size) (int, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	var alive *node
	for range s.heapMiB << 20 / 64 {
		alive = &node{next: alive}
	}
	first := report.Metric("/gc/cycles/total:gc-cycles")
	var all sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		all.Add(1)
		go func() {
			defer all.Done()
			var own *node
			for report.Metric("/gc/cycles/total:gc-cycles") < first+int64(s.collections) {
				for range 10_000 {
					own = &node{next: own}
				}
				own = nil
			}
		}()
	}
	all.Wait()
	runtime.KeepAlive(alive)
	return int(report.Metric("/gc/cycles/total:gc-cycles") - first), nil
}
