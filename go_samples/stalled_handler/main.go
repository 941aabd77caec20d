// stalled_handler serves HTTP with a handler that reads the request's body
// to its end. Clients announce a body and then send only a part of it.
//
// Watch for: the handlers that never return, what of them stays in the
// process (goroutines, connections, threads), and what a deadline changes.
//
//	./stalled_handler -requests 50
//	./stalled_handler -requests 50 -read-timeout 200ms -wait 10s
//	./stalled_handler -requests 50 -client complete
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Requests    int   `json:"requests"`
	Entered     int64 `json:"entered"`
	Returned    int64 `json:"returned"`
	Connections int64 `json:"connections"`
	GOMAXPROCS  int   `json:"gomaxprocs"`
	// Before the first request, and when the handlers had returned or the
	// wait was over.
	GoroutinesBefore int   `json:"goroutines_before"`
	GoroutinesDuring int   `json:"goroutines_during"`
	ThreadsBefore    int   `json:"threads_before"`
	ThreadsDuring    int   `json:"threads_during"`
	Others           int   `json:"others"`
	OthersEnded      int64 `json:"others_ended"`
	// The functions on the stack of one handler that did not return, the
	// innermost first.
	Stack []string `json:"stack"`
}

var entered, returned, open atomic.Int64

func main() {
	requests := flag.Int("requests", 50, "how many clients send a request")
	client := flag.String("client", "stall", "stall: send a part of the body; leave: and hang up; complete: send all of it, and stay connected")
	timeout := flag.Duration("read-timeout", 0, "the server's ReadTimeout; 0 sets no limit")
	wait := flag.Duration("wait", time.Second, "how long the handlers are waited for")
	others := flag.Int("others", 1000, "how many other goroutines compute meanwhile")
	flag.Parse()

	body, known := map[string]string{"stall": "part", "leave": "part", "complete": strings.Repeat("x", announced)}[*client]
	if !known {
		report.Fail(fmt.Errorf("stalled_handler: there is no client %q", *client))
	}
	address := serve(*timeout)
	r := result{
		Requests: *requests, GOMAXPROCS: runtime.GOMAXPROCS(0), Others: *others,
		GoroutinesBefore: runtime.NumGoroutine(), ThreadsBefore: report.Threads(),
	}
	var clients []net.Conn
	for range *requests {
		conn := send(address, body)
		defer conn.Close()
		clients = append(clients, conn)
	}
	until(20*time.Second, func() bool { return entered.Load() == int64(*requests) })
	if *client == "leave" {
		for _, conn := range clients {
			conn.Close()
		}
	}
	until(*wait, func() bool { return returned.Load() == int64(*requests) && (*timeout == 0 || open.Load() == 0) })
	r.OthersEnded = work(*others)
	r.Entered, r.Returned, r.Connections = entered.Load(), returned.Load(), open.Load()
	r.GoroutinesDuring, r.ThreadsDuring, r.Stack = runtime.NumGoroutine(), report.Threads(), stackOfHandler()
	report.Print(r)
}

func handleBlock(w http.ResponseWriter, r *http.Request) {
	conn, _ := r.Body.(io.ReadCloser)
	io.Copy(io.Discard, conn)
}

const announced = 1000

// send sends a request with this body, announced as longer or not, and leaves
// the connection open.
func send(address, body string) net.Conn {
	conn, err := net.Dial("tcp", address)
	if err == nil {
		_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", announced, body)
	}
	if err != nil {
		report.Fail(err)
	}
	return conn
}

func serve(timeout time.Duration) (address string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		report.Fail(err)
	}
	counted := func(w http.ResponseWriter, r *http.Request) {
		entered.Add(1)
		defer returned.Add(1)
		handleBlock(w, r)
	}
	server := http.Server{Handler: http.HandlerFunc(counted), ReadTimeout: timeout, ConnState: count}
	go server.Serve(listener)
	return listener.Addr().String()
}

func count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		open.Add(1)
	case http.StateClosed:
		open.Add(-1)
	}
}

func work(n int) int64 {
	var ended atomic.Int64
	for range n {
		go func() {
			report.Spin(10_000)
			ended.Add(1)
		}()
	}
	until(20*time.Second, func() bool { return ended.Load() == int64(n) })
	return ended.Load()
}

func until(limit time.Duration, done func() bool) {
	for end := time.Now().Add(limit); !done() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

func stackOfHandler() []string {
	text := make([]byte, 4<<20)
	text = text[:runtime.Stack(text, true)]
	for _, goroutine := range strings.Split(string(text), "\n\n") {
		if strings.Contains(goroutine, "main.handleBlock(") {
			return functions(goroutine)
		}
	}
	return []string{}
}

// functions are the names in a goroutine's stack: each second line, without
// the arguments.
func functions(goroutine string) []string {
	names := []string{}
	for _, line := range strings.Split(goroutine, "\n")[1:] {
		if !strings.HasPrefix(line, "\t") && strings.HasSuffix(line, ")") {
			names = append(names, line[:strings.LastIndexByte(line, '(')])
		}
	}
	return names
}
