// leak_signs is an HTTP server with net/http/pprof whose goroutines are
// healthy or leaked, as the flags say: workers that wait for work, short
// goroutines that come and go, idle connections, timers, and requests whose
// handler waits for ever although its client has gone.
//
// Watch for: in a single goroutine profile a pool that waits and a leak look
// alike. Only the second profile tells them apart: the leak has grown.
//
//	./leak_signs -workers 300 -for 1m
//	./leak_signs -leak 20 -for 1m
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"runtime"
	"time"

	"schedlab/samples/internal/report"
)

type listening struct {
	Address string `json:"address"`
	// The goroutines before and after the timers were made.
	WithoutTimers int `json:"without_timers"`
	WithTimers    int `json:"with_timers"`
}

type result struct {
	Goroutines int   `json:"goroutines"`
	Leaked     int   `json:"leaked"`
	ElapsedNS  int64 `json:"elapsed_ns"`
}

func main() {
	address := flag.String("addr", "127.0.0.1:0", "where the server listens")
	length := flag.Duration("for", time.Second, "when the program ends")
	workers := flag.Int("workers", 0, "goroutines of a pool that wait for work")
	transient := flag.Int("transient", 0, "goroutines that live for 200 ms, always this many")
	conns := flag.Int("conns", 0, "idle connections, of clients that may come back")
	timers := flag.Int("timers", 0, "how many timers and tickers nobody ever stops")
	deep := flag.Int("deep", 0, "one goroutine waits this many calls deep")
	late := flag.Int("late", 0, "goroutines whose answer comes too late: nobody receives it")
	leak := flag.Int("leak", 0, "requests per second whose handler waits for ever")
	flag.Parse()

	begin := time.Now()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		report.Fail(err)
	}
	http.HandleFunc("GET /idle", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "idle") })
	http.HandleFunc("GET /hang", hang)
	go http.Serve(listener, nil)

	at := listening{Address: listener.Addr().String(), WithoutTimers: runtime.NumGoroutine()}
	forget(*timers)
	at.WithTimers = runtime.NumGoroutine()
	pool(*workers)
	churn(*transient)
	connect(at.Address, *conns)
	answerLate(*late)
	if *deep > 0 {
		go descend(*deep)
	}
	report.Print(at)

	leaked := 0
	for time.Since(begin) < *length {
		if *leak > 0 && leaked < int(time.Since(begin).Seconds()*float64(*leak)) {
			ask("http://" + at.Address + "/hang")
			leaked++
			continue
		}
		time.Sleep(time.Millisecond)
	}
	report.Print(result{runtime.NumGoroutine(), leaked, time.Since(begin).Nanoseconds()})
}

// hang is the leak: its client gives up, and it does not look at r.Context().
func hang(_ http.ResponseWriter, _ *http.Request) {
	never := make(chan struct{})
	<-never
}

// ask makes a request and gives up at once.
func ask(url string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		report.Fail(err)
	}
	if answer, err := http.DefaultClient.Do(request); err == nil {
		answer.Body.Close()
	}
}

// answerLate is a leak without HTTP: the receiver has gone on.
func answerLate(goroutines int) {
	for range goroutines {
		answer := make(chan int)
		go func() { answer <- 1 }()
	}
}

var work = make(chan func())

// pool is healthy: it waits until there is something to do.
func pool(workers int) {
	for range workers {
		go func() {
			for do := range work {
				do()
			}
		}()
	}
}

// churn is healthy: each goroutine ends soon, and another one comes.
func churn(goroutines int) {
	for range goroutines {
		go visit()
	}
}

func visit() {
	time.Sleep(200 * time.Millisecond)
	go visit()
}

// connect is healthy: a browser keeps its connection for the next request.
func connect(address string, connections int) {
	for range connections {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			report.Fail(err)
		}
		fmt.Fprintf(conn, "GET /idle HTTP/1.1\r\nHost: %s\r\n\r\n", address)
		if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 200"))); err != nil {
			report.Fail(err)
		}
		kept = append(kept, conn)
	}
}

// kept keeps the connections reachable, which would be closed otherwise.
var kept []net.Conn

// forget makes timers of both kinds and stops none.
func forget(timers int) {
	for range timers {
		time.AfterFunc(time.Hour, func() {})
		time.NewTicker(time.Hour)
	}
}

func descend(calls int) {
	if calls > 0 {
		descend(calls - 1)
		return
	}
	<-make(chan struct{})
}
