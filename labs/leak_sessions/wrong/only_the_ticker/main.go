// Wrong: the heartbeat ends. The writer still waits for a message.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

const (
	sessions = 100
	messages = 5
)

// How long to stay although standard input has ended, to look by hand.
var hold = flag.Duration("hold", 0, "stay this long after standard input has ended")

// What all sessions have delivered.
var delivered atomic.Uint64

func main() {
	seed := flag.Uint64("seed", 1, "the number of the first message")
	flag.Parse()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for n := range uint64(sessions) {
		s := open(ctx)
		for m := range uint64(messages) {
			s.send(*seed + n*messages + m)
		}
		s.close()
	}
	untilTold()
	json.NewEncoder(os.Stdout).Encode(map[string]uint64{"total": delivered.Load()})
}

// A session delivers what is sent, and shows now and then that it is alive.
type session struct {
	outbox chan uint64
	ticker *time.Ticker
	done   chan struct{}
}

func open(ctx context.Context) *session {
	s := &session{
		outbox: make(chan uint64),
		ticker: time.NewTicker(time.Minute),
		done:   make(chan struct{}),
	}
	go s.heartbeat(ctx)
	go s.write(ctx)
	return s
}

// send hands a message to the writer.
func (s *session) send(message uint64) {
	s.outbox <- message
}

func (s *session) close() {
	s.ticker.Stop()
	close(s.done)
}

func (s *session) heartbeat(ctx context.Context) {
	for {
		select {
		case <-s.ticker.C:
			// The client is told here that the session is alive.
		case <-s.done:
			return
		}
	}
}

func (s *session) write(ctx context.Context) {
	for message := range s.outbox {
		delivered.Add(message)
	}
}

// untilTold says that the work is done, and waits until standard input ends.
// The check counts the goroutines meanwhile.
func untilTold() {
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	time.Sleep(*hold)
}
