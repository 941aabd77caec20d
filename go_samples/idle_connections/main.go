// idle_connections holds many TCP connections on which nothing comes. For
// each a goroutine waits in Read. Meanwhile other goroutines have work.
//
// Watch for: how many threads the process has, and whether the others get
// their turn.
//
//	./idle_connections -connections 5000
//	GODEBUG=schedtrace=100,scheddetail=1 ./idle_connections -connections 10
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Connections   int   `json:"connections"`
	GOMAXPROCS    int   `json:"gomaxprocs"`
	ThreadsBefore int   `json:"threads_before"`
	ThreadsDuring int   `json:"threads_during"`
	Goroutines    int   `json:"goroutines"`
	Others        int   `json:"others"`
	OthersEnded   int64 `json:"others_ended"`
	// While all connections are idle: how long that was watched, and the
	// processor time that the process used meanwhile.
	WatchedNS int64 `json:"watched_ns"`
	CPUNS     int64 `json:"cpu_ns"`
}

func main() {
	connections := flag.Int("connections", 1000, "how many connections; fewer if the system allows fewer open files")
	others := flag.Int("others", 1000, "how many other goroutines compute meanwhile")
	hold := flag.Duration("hold", 200*time.Millisecond, "how long the connections are watched while nothing happens")
	profile := flag.String("goroutines", "", "a file for the goroutine profile, with all connections idle")
	cpu := flag.String("cpu", "", "a file for the CPU profile of the whole run")
	dial := flag.String("dial", "", "be the other end: connect to this address, and stay silent until standard input ends")
	flag.Parse()

	if *dial != "" {
		beSilent(*dial, *connections)
		return
	}
	stop := report.CPUProfile(*cpu)
	found := measure(min(*connections, allowed()), *others, *hold, *profile)
	stop()
	report.Print(found)
}

// allowed is how many connections a process may have open, with room for the
// files that it needs besides.
func allowed() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		report.Fail(err)
	}
	return int(min(limit.Cur, 1_000_000)) - 100
}

func measure(n, others int, hold time.Duration, profile string) result {
	r := result{GOMAXPROCS: runtime.GOMAXPROCS(0), Others: others}
	idle := connect(n)
	r.Connections, r.ThreadsBefore = len(idle.conns), report.Threads()
	ended := make(chan error, n)
	for _, conn := range idle.conns {
		go func() {
			_, err := conn.Read(make([]byte, 1))
			ended <- err
		}()
	}
	time.Sleep(hold / 2)
	before, began := cpuTime(), time.Now()
	time.Sleep(hold)
	r.WatchedNS, r.CPUNS = int64(time.Since(began)), cpuTime()-before
	r.OthersEnded = work(others)
	r.Goroutines, r.ThreadsDuring = runtime.NumGoroutine(), report.Threads()
	writeGoroutines(profile)
	idle.hangUp()
	for range n {
		if err := <-ended; !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			report.Fail(fmt.Errorf("a connection was not idle: %v", err))
		}
	}
	return r
}

// work starts goroutines that compute, and counts those that got to their end.
func work(n int) int64 {
	var ended atomic.Int64
	for range n {
		go func() {
			report.Spin(10_000)
			ended.Add(1)
		}()
	}
	for limit := time.Now().Add(20 * time.Second); ended.Load() < int64(n) && time.Now().Before(limit); {
		time.Sleep(time.Millisecond)
	}
	return ended.Load()
}

// A line is many connections to a process that is silent.
type line struct {
	conns  []net.Conn
	hangUp func()
}

// connect starts this program once more, as the other end of n connections:
// in one process both ends would count against its limit of open files.
func connect(n int) line {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		report.Fail(err)
	}
	defer listener.Close()
	child := exec.Command(os.Args[0], "-dial", listener.Addr().String(), "-connections", fmt.Sprint(n))
	child.Stderr = os.Stderr
	// What GODEBUG makes the runtime print is to be about this process only.
	child.Env = append(os.Environ(), "GODEBUG=")
	input, err := child.StdinPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		report.Fail(err)
	}
	conns := make([]net.Conn, n)
	for i := range conns {
		if conns[i], err = listener.Accept(); err != nil {
			report.Fail(err)
		}
	}
	hangUp := func() {
		input.Close()
		if err := child.Wait(); err != nil {
			report.Fail(err)
		}
	}
	return line{conns, hangUp}
}

func beSilent(address string, n int) {
	for range n {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			report.Fail(err)
		}
		// Without this, each port would be reserved for a minute after its end.
		if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
			report.Fail(err)
		}
		defer conn.Close()
	}
	io.Copy(io.Discard, os.Stdin)
}

func cpuTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		report.Fail(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func writeGoroutines(name string) {
	if name == "" {
		return
	}
	file, err := os.Create(name)
	if err == nil {
		err = pprof.Lookup("goroutine").WriteTo(file, 0)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		report.Fail(err)
	}
}
