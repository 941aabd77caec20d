package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// others are leaks of goroutines that wait for a lock, the network, a timer.
var others = []program{
	{name: "context_ignored", step: func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		go poll(ctx)
	}},
	{name: "ticker_never_stopped", step: func() {
		go func() {
			ticks := time.NewTicker(30 * time.Millisecond)
			for range ticks.C { // leak: ticker_never_stopped
				compute()
			}
		}()
	}},
	{name: "tick_and_quit", step: func() {
		quit := make(chan struct{})
		ticks := time.NewTicker(25 * time.Millisecond)
		go func() {
			for {
				select { // leak: tick_and_quit
				case <-ticks.C:
					compute()
				case <-quit:
					return
				}
			}
		}()
	}},
	{name: "cleanup_by_sleep", step: func() {
		go func() {
			time.Sleep(time.Hour) // leak: cleanup_by_sleep
			compute()
		}()
	}},
	{name: "unlock_forgotten", step: func() {
		go func() {
			account.Lock() // leak: unlock_forgotten
			if compute() != 0 {
				return
			}
			account.Unlock()
		}()
	}},
	{name: "lock_order", step: func() {
		var from, to sync.Mutex
		var both sync.WaitGroup
		both.Add(2)
		transfer := func(first, second *sync.Mutex) {
			first.Lock()
			both.Done()
			both.Wait()
			second.Lock() // leak: lock_order
			second.Unlock()
			first.Unlock()
		}
		go transfer(&from, &to)
		go transfer(&to, &from)
	}},
	{name: "read_lock_kept", step: func() {
		go func() {
			table.RLock() // leak: read_lock_kept
			compute()
			table.Lock()
			table.Unlock()
			table.RUnlock()
		}()
	}},
	{name: "done_missing", step: func() {
		var all sync.WaitGroup
		all.Add(2)
		for worker := range 2 {
			go func() {
				if worker == 1 {
					return
				}
				all.Done()
			}()
		}
		go func() {
			all.Wait() // leak: done_missing
			compute()
		}()
	}},
	{name: "cond_without_signal", step: func() {
		var lock sync.Mutex
		ready := sync.NewCond(&lock)
		go func() {
			lock.Lock()
			ready.Wait() // leak: cond_without_signal
			lock.Unlock()
		}()
	}},
	{name: "body_not_closed", where: "net/http.(*persistConn)", start: serveText, step: func() {
		answer, err := http.Get("http://" + texts + "/text")
		if err != nil {
			fail(err)
		}
		kept = append(kept, answer)
	}},
	{name: "handler_ignores_client", start: serveText, step: func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+texts+"/wait", nil)
		if answer, err := http.DefaultClient.Do(request); err == nil {
			answer.Body.Close()
		}
	}},
	{name: "read_without_deadline", start: listen(func(conn net.Conn) {
		line := make([]byte, 80)
		conn.Read(line) // leak: read_without_deadline
		conn.Close()
	}), step: dial},
	{name: "write_without_deadline", start: listen(func(conn net.Conn) {
		io.WriteString(conn, page) // leak: write_without_deadline
		conn.Close()
	}), step: dial},
	{name: "once_in_once", step: func() {
		var once sync.Once
		go once.Do(func() {
			once.Do(func() {}) // leak: once_in_once
		})
	}},
	{name: "pipe_not_read", step: func() {
		reader, writer := io.Pipe()
		go func() {
			fmt.Fprintln(writer, "a line")
			fmt.Fprintln(writer, "and another") // leak: pipe_not_read
			writer.Close()
		}()
		reader.Read(make([]byte, 7))
	}},
	{name: "spinning", every: 300 * time.Millisecond, step: func() {
		go func() {
			for !stopped {
				time.Sleep(2 * time.Millisecond) // leak: spinning
			}
		}()
	}},
}

var (
	account sync.Mutex
	table   sync.RWMutex
	texts   string
	kept    []*http.Response
	stopped bool
	opened  []net.Conn
	dialled string
	page    = strings.Repeat("x", 8<<20)
)

func poll(context.Context) {
	for {
		compute()
		time.Sleep(8 * time.Millisecond) // leak: context_ignored
	}
}

func serveText() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	texts = listener.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("/text", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "text")
	})
	mux.HandleFunc("/wait", func(http.ResponseWriter, *http.Request) {
		never := make(chan struct{})
		<-never // leak: handler_ignores_client
	})
	go http.Serve(listener, mux)
}

// listen starts a server that gives each connection to serve.
func listen(serve func(net.Conn)) func() {
	return func() {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			fail(err)
		}
		dialled = listener.Addr().String()
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				go serve(conn)
			}
		}()
	}
}

// dial opens a connection and then says and reads nothing.
func dial() {
	conn, err := net.Dial("tcp", dialled)
	if err != nil {
		fail(err)
	}
	opened = append(opened, conn)
}
