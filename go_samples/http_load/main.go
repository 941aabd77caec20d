// http_load lets many clients ask a server in the same process, one request
// after the other on each connection, for a while.
//
// Watch for: a busy server with many connections has a handful of threads.
//
//	./http_load -clients 500
//	./http_load -clients 100 -cpu cpu.pb.gz && go tool pprof -top cpu.pb.gz
package main

import (
	"flag"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Clients    int   `json:"clients"`
	Requests   int64 `json:"requests"`
	GOMAXPROCS int   `json:"gomaxprocs"`
	Goroutines int   `json:"goroutines"`
	Threads    int   `json:"threads"`
}

func main() {
	clients := flag.Int("clients", 100, "how many clients ask at once")
	during := flag.Duration("for", time.Second, "how long they ask")
	cpu := flag.String("cpu", "", "a file for the CPU profile")
	flag.Parse()

	address := serve()
	stop := report.CPUProfile(*cpu)
	r := result{Clients: *clients, GOMAXPROCS: runtime.GOMAXPROCS(0)}
	var requests atomic.Int64
	var all sync.WaitGroup
	transport := &http.Transport{MaxIdleConnsPerHost: *clients}
	end := time.Now().Add(*during)
	for range *clients {
		all.Add(1)
		go func() {
			defer all.Done()
			for time.Now().Before(end) {
				ask(&http.Client{Transport: transport}, address)
				requests.Add(1)
			}
		}()
	}
	time.Sleep(*during / 2)
	r.Goroutines, r.Threads = runtime.NumGoroutine(), report.Threads()
	all.Wait()
	stop()
	r.Requests = requests.Load()
	report.Print(r)
}

func ask(client *http.Client, address string) {
	answer, err := client.Get(address)
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	if err != nil {
		report.Fail(err)
	}
}

func serve() (address string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		report.Fail(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "an answer\n")
	}))
	return "http://" + listener.Addr().String()
}
