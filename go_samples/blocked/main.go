// blocked blocks many goroutines in one way, and counts what that costs.
//
// Watch for: a goroutine blocked in a system call keeps a thread; one that
// waits for the network, a pipe, a channel, a mutex or a timer keeps none.
//
//	./blocked -how syscall
//	GODEBUG=schedtrace=10,scheddetail=1 ./blocked -how syscall -goroutines 4
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	How           string `json:"how"`
	Goroutines    int    `json:"goroutines"`
	GOMAXPROCS    int    `json:"gomaxprocs"`
	ThreadsBefore int    `json:"threads_before"`
	ThreadsDuring int    `json:"threads_during"`
	// Goroutines inside a system call or C code, and waiting in Go, while
	// all are blocked; -1 before Go 1.26, which does not count them.
	NotInGo int64 `json:"not_in_go"`
	Waiting int64 `json:"waiting"`
	// What the one goroutine that computes got done meanwhile.
	Rounds int `json:"rounds"`
}

// A blocker gives each goroutine something to block on. Its wait returns
// only after release was called.
type blocker struct {
	wait    func(i int) error
	release func()
}

var blockers = map[string]func(n int) (blocker, error){
	"syscall": inSyscall,
	"open":    onOpen,
	"network": onNetwork,
	"pipe":    onPipe,
	"channel": onChannel,
	"mutex":   onMutex,
	"timer":   onTimer,
}

func main() {
	how := flag.String("how", "channel", "what to block on: syscall, open, network, pipe, channel, mutex or timer")
	goroutines := flag.Int("goroutines", 100, "how many goroutines block")
	hold := flag.Duration("hold", 100*time.Millisecond, "how long they stay blocked")
	flag.Parse()

	start, known := blockers[*how]
	if !known || *goroutines < 1 {
		report.Fail(fmt.Errorf("blocked: cannot block %d goroutines in %q", *goroutines, *how))
	}
	b, err := start(*goroutines)
	if err != nil {
		report.Fail(err)
	}
	report.Print(measure(*how, b, *goroutines, *hold))
}

func measure(how string, b blocker, n int, hold time.Duration) result {
	r := result{How: how, Goroutines: n, GOMAXPROCS: runtime.GOMAXPROCS(0), ThreadsBefore: report.Threads()}
	errs := make(chan error, n)
	var aboutToBlock sync.WaitGroup
	aboutToBlock.Add(n)
	for i := range n {
		go func() {
			aboutToBlock.Done()
			errs <- b.wait(i)
		}()
	}
	aboutToBlock.Wait()
	settle(n)
	for deadline := time.Now().Add(hold); time.Now().Before(deadline); {
		report.Spin(10_000)
		r.Rounds += 10_000
	}
	r.ThreadsDuring = report.Threads()
	r.NotInGo = report.Metric("/sched/goroutines/not-in-go:goroutines")
	r.Waiting = report.Metric("/sched/goroutines/waiting:goroutines")
	b.release()
	for range n {
		if err := <-errs; err != nil {
			report.Fail(err)
		}
	}
	return r
}

// settle waits until n goroutines are blocked, in Go or outside of it. The
// runtime needs a moment for it: each thread that enters a system call keeps
// its P until sysmon takes it away.
func settle(n int) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		outside := report.Metric("/sched/goroutines/not-in-go:goroutines")
		waiting := report.Metric("/sched/goroutines/waiting:goroutines")
		if outside < 0 {
			// Go 1.25 and older do not count them.
			time.Sleep(200 * time.Millisecond)
			return
		}
		if outside+waiting >= int64(n) {
			return
		}
	}
}

// inSyscall blocks in read(2) on an empty pipe. The pipe is in blocking
// mode and unknown to the network poller, so the thread sleeps in the kernel.
func inSyscall(n int) (blocker, error) {
	pipe := make([]int, 2)
	if err := syscall.Pipe(pipe); err != nil {
		return blocker{}, err
	}
	wait := func(int) error {
		_, err := syscall.Read(pipe[0], make([]byte, 1))
		return err
	}
	release := func() {
		if _, err := syscall.Write(pipe[1], make([]byte, n)); err != nil {
			report.Fail(err)
		}
	}
	return blocker{wait, release}, nil
}

// onOpen blocks in os.Open of a file: a named pipe that nobody writes to. The
// poller can wait for data, but not for a file that is to be opened.
func onOpen(int) (blocker, error) {
	folder, err := os.MkdirTemp("", "blocked-")
	if err != nil {
		return blocker{}, err
	}
	name := filepath.Join(folder, "fifo")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		return blocker{}, err
	}
	wait := func(int) error {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		return file.Close()
	}
	release := func() {
		writer, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err == nil {
			defer writer.Close()
			err = os.RemoveAll(folder)
		}
		if err != nil {
			report.Fail(err)
		}
	}
	return blocker{wait, release}, nil
}

// onPipe blocks in Read on pipes that are empty. os.Pipe makes them known to
// the network poller.
func onPipe(n int) (blocker, error) {
	readers, writers := make([]*os.File, n), make([]*os.File, n)
	for i := range n {
		var err error
		if readers[i], writers[i], err = os.Pipe(); err != nil {
			return blocker{}, err
		}
	}
	wait := func(i int) error {
		_, err := readers[i].Read(make([]byte, 1))
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	release := func() {
		for _, writer := range writers {
			writer.Close()
		}
	}
	return blocker{wait, release}, nil
}

// onNetwork blocks in net.Conn.Read on a TCP connection that sends nothing.
func onNetwork(n int) (blocker, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return blocker{}, err
	}
	defer listener.Close()
	clients, servers := make([]net.Conn, n), make([]net.Conn, n)
	for i := range n {
		if clients[i], err = net.Dial("tcp", listener.Addr().String()); err != nil {
			return blocker{}, err
		}
		if servers[i], err = listener.Accept(); err != nil {
			return blocker{}, err
		}
	}
	wait := func(i int) error {
		_, err := clients[i].Read(make([]byte, 1))
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	release := func() {
		for _, conn := range servers {
			conn.Close()
		}
	}
	return blocker{wait, release}, nil
}

func onChannel(int) (blocker, error) {
	gate := make(chan struct{})
	return blocker{
		wait:    func(int) error { <-gate; return nil },
		release: func() { close(gate) },
	}, nil
}

func onMutex(int) (blocker, error) {
	var gate sync.Mutex
	gate.Lock()
	wait := func(int) error {
		gate.Lock()
		defer gate.Unlock()
		return nil
	}
	return blocker{wait, gate.Unlock}, nil
}

func onTimer(int) (blocker, error) {
	released := make(chan struct{})
	wait := func(int) error {
		for {
			select {
			case <-released:
				return nil
			default:
				time.Sleep(20 * time.Millisecond)
			}
		}
	}
	return blocker{wait, func() { close(released) }}, nil
}
