// serve answers requests. Beside it another goroutine, churn, makes garbage,
// so that collections never stop. Whoever allocates while a collection marks
// may have to help it: serve pays mark assists. It should pay at most 3, and
// collections have to go on.
//
// Watch for: who decides that a goroutine has to assist, and when? serve is in
// serve.go and is yours to change; this file is not.
//
//	GODEBUG=gctrace=1 GOMAXPROCS=2 go run .
package main

import (
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
)

const (
	nodes   = 300_000
	garbage = 5_000_000
)

var (
	size    = flag.Int("size", 4096, "the size of a reply, in bytes")
	stopped atomic.Bool
)

// node is what the heap is full of.
type node struct {
	next *node
	data [48]byte
}

// churn puts a new node into the place of an old one, again and again.
func churn(live []*node) {
	for n := range garbage {
		live[n%len(live)] = &node{next: live[(n+1)%len(live)]}
		live[n%len(live)].next.next = nil
	}
	stopped.Store(true)
}

// write makes the reply to request n, and says what is in it.
func write(reply []byte, n int) int {
	sum := 0
	for i := range reply {
		reply[i] = byte(n * i)
		sum += int(reply[i])
	}
	return sum
}

// answer runs until churn has stopped.
func answer(done *sync.WaitGroup) {
	defer done.Done()
	requests, sum := serve()
	fmt.Printf("{\"requests\": %d, \"sum\": %d}\n", requests, sum)
}

func main() {
	flag.Parse()
	live := make([]*node, nodes)
	for n := range live {
		live[n] = new(node)
	}
	var done sync.WaitGroup
	done.Add(1)
	go answer(&done)
	go churn(live)
	done.Wait()
}
