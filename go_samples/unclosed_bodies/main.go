// unclosed_bodies asks a server many times, and treats the answers' bodies
// in one of three ways.
//
// Watch for: how many connections were opened, how many are still there, and
// how many goroutines they keep. A body that is read to its end and closed
// lets the next request have its connection.
//
//	./unclosed_bodies -body forget
//	./unclosed_bodies -body close
//	./unclosed_bodies -body drain
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
	Body             string `json:"body"`
	Requests         int    `json:"requests"`
	Opened           int64  `json:"opened"`
	StillOpen        int64  `json:"still_open"`
	GoroutinesBefore int    `json:"goroutines_before"`
	GoroutinesAfter  int    `json:"goroutines_after"`
	ThreadsBefore    int    `json:"threads_before"`
	ThreadsAfter     int    `json:"threads_after"`
}

var treatments = map[string]func(body io.ReadCloser) error{
	"forget": func(io.ReadCloser) error { return nil },
	"close":  func(body io.ReadCloser) error { return body.Close() },
	"drain": func(body io.ReadCloser) error {
		if _, err := io.Copy(io.Discard, body); err != nil {
			return err
		}
		return body.Close()
	},
}

var opened, closed atomic.Int64

func main() {
	body := flag.String("body", "forget", "what is done with an answer's body: forget, close or drain")
	requests := flag.Int("requests", 100, "how many requests, one after the other")
	flag.Parse()

	treat, known := treatments[*body]
	if !known {
		report.Fail(fmt.Errorf("unclosed_bodies: nobody can %q a body", *body))
	}
	address := serve()
	r := result{
		Body: *body, Requests: *requests,
		GoroutinesBefore: runtime.NumGoroutine(), ThreadsBefore: report.Threads(),
	}
	for range *requests {
		answer, err := http.Get(address)
		if err == nil {
			err = treat(answer.Body)
		}
		if err != nil {
			report.Fail(err)
		}
	}
	settle()
	r.GoroutinesAfter, r.ThreadsAfter = runtime.NumGoroutine(), report.Threads()
	r.Opened, r.StillOpen = opened.Load(), opened.Load()-closed.Load()
	report.Print(r)
}

// settle waits until no connection has been closed for a while.
func settle() {
	for last := int64(-1); last != closed.Load(); time.Sleep(100 * time.Millisecond) {
		last = closed.Load()
	}
}

func serve() (address string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		report.Fail(err)
	}
	answer := strings.Repeat("an answer of a few kilobytes ", 1000)
	server := http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) }),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				opened.Add(1)
			case http.StateClosed:
				closed.Add(1)
			}
		},
	}
	go server.Serve(listener)
	return "http://" + listener.Addr().String()
}
