// flight_recorder is a small HTTP server with a flight recorder: the runtime
// keeps the last moments of an execution trace in memory, and the server
// writes them to a file when a request took longer than a threshold. Its
// clients live in the same program. Half-way, a goroutine that tidies up
// holds the lock that every request needs.
//
// Watch for: the snapshot was taken after the slow request, and still shows
// why it was slow. Nothing had to be recorded in advance, and the file is
// small. With a threshold above the hold, nothing is written.
//
// It needs Go 1.25 or newer.
//
//	./flight_recorder -threshold 20ms -snapshot slow.trace
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	Requests    int64 `json:"requests"`
	Slow        int64 `json:"slow"`
	ThresholdNS int64 `json:"threshold_ns"`
	HoldNS      int64 `json:"hold_ns"`
	ElapsedNS   int64 `json:"elapsed_ns"`
	// What the first slow request triggered; absent if none was slow.
	Snapshot *snapshot `json:"snapshot,omitempty"`
}

// A snapshot of the last moments. Times are from the start of the recorder.
type snapshot struct {
	File        string `json:"file"`
	Bytes       int64  `json:"bytes"`
	Request     int64  `json:"request"`
	TookNS      int64  `json:"took_ns"`
	TriggeredNS int64  `json:"triggered_ns"`
	WrittenNS   int64  `json:"written_ns"`
}

// A recorder keeps the last moments of the trace (trace.FlightRecorder).
type recorder interface {
	Start() error
	Stop()
	WriteTo(io.Writer) (int64, error)
}

type server struct {
	recorder  recorder
	begin     time.Time
	threshold time.Duration
	file      string

	state sync.Mutex // what each request needs, and the tidying too
	tally int

	requests, slow atomic.Int64
	trigger        sync.Once
	writing        sync.WaitGroup
	taken          *snapshot
}

func main() {
	threshold := flag.Duration("threshold", 20*time.Millisecond, "a request that takes longer is the trigger")
	hold := flag.Duration("hold", 50*time.Millisecond, "how long the tidying holds the lock")
	requests := flag.Int("requests", 200, "how many requests each client makes")
	clients := flag.Int("clients", 4, "how many clients there are")
	window := flag.Duration("window", time.Second, "how much of the past is kept, at least")
	file := flag.String("snapshot", "", "where the snapshot goes; without it, it is only measured")
	flag.Parse()

	s := &server{threshold: *threshold, file: *file}
	var err error
	if s.recorder, err = newRecorder(*window); err != nil {
		report.Fail(err)
	}
	if err := s.recorder.Start(); err != nil {
		report.Fail(err)
	}
	defer s.recorder.Stop()
	s.begin = time.Now()

	if err := s.serve(*clients, *requests, *hold); err != nil {
		report.Fail(err)
	}
	s.writing.Wait()
	report.Print(result{
		Requests:    s.requests.Load(),
		Slow:        s.slow.Load(),
		ThresholdNS: threshold.Nanoseconds(),
		HoldNS:      hold.Nanoseconds(),
		ElapsedNS:   time.Since(s.begin).Nanoseconds(),
		Snapshot:    s.taken,
	})
}

// serve runs the server until its clients are done.
func (s *server) serve(clients, requests int, hold time.Duration) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	web := &http.Server{Handler: s}
	go web.Serve(listener)
	defer web.Shutdown(context.Background())

	url := "http://" + listener.Addr().String()
	halfway := make(chan struct{})
	tidied := make(chan struct{})
	go s.tidy(halfway, tidied, hold)
	errs := make(chan error, clients)
	for client := range clients {
		go func() {
			errs <- ask(url, requests, func(i int) {
				if client == 0 && i == requests/2 {
					close(halfway)
				}
			})
		}()
	}
	for range clients {
		if failed := <-errs; failed != nil {
			err = failed
		}
	}
	if err == nil {
		<-tidied
	}
	return err
}

// ask makes requests one after the other over a connection of its own.
func ask(url string, requests int, before func(i int)) error {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for i := range requests {
		before(i)
		answer, err := client.Get(url)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	number := s.requests.Add(1)
	begin := time.Now()
	trace.WithRegion(r.Context(), "request", func() {
		s.state.Lock()
		report.Spin(10_000)
		s.tally++
		tally := s.tally
		s.state.Unlock()
		fmt.Fprintln(w, tally)
	})
	if took := time.Since(begin); took > s.threshold {
		s.slow.Add(1)
		s.trigger.Do(func() {
			triggered := time.Since(s.begin)
			s.writing.Add(1)
			go s.takeSnapshot(number, took, triggered)
		})
	}
}

// tidy holds the lock that every request needs, once.
func (s *server) tidy(when <-chan struct{}, done chan<- struct{}, hold time.Duration) {
	defer close(done)
	<-when
	defer trace.StartRegion(context.Background(), "tidy").End()
	s.state.Lock()
	defer s.state.Unlock()
	time.Sleep(hold)
}

// takeSnapshot writes the last moments, which still hold the slow request.
func (s *server) takeSnapshot(request int64, took, triggered time.Duration) {
	defer s.writing.Done()
	bytes, err := s.write()
	if err != nil {
		report.Fail(err)
	}
	s.taken = &snapshot{
		File:        s.file,
		Bytes:       bytes,
		Request:     request,
		TookNS:      took.Nanoseconds(),
		TriggeredNS: triggered.Nanoseconds(),
		WrittenNS:   time.Since(s.begin).Nanoseconds(),
	}
}

func (s *server) write() (int64, error) {
	if s.file == "" {
		return s.recorder.WriteTo(io.Discard)
	}
	file, err := os.Create(s.file)
	if err != nil {
		return 0, err
	}
	bytes, err := s.recorder.WriteTo(file)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return bytes, err
}
