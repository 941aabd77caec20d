// Wrong: nobody is left, as first waits for the slowest replica.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	queries  = 100
	replicas = 3
)

// How long to stay although standard input has ended, to look by hand.
var hold = flag.Duration("hold", 0, "stay this long after standard input has ended")

// A query knows when it has been answered: only then do its slow replicas
// come to their answers.
type query struct {
	number   uint64
	answered chan struct{}
}

func main() {
	seed := flag.Uint64("seed", 1, "the number of the first query")
	flag.Parse()
	var total uint64
	for n := range uint64(queries) {
		q := &query{*seed + n, make(chan struct{})}
		total += first(q)
		close(q.answered)
	}
	untilTold()
	json.NewEncoder(os.Stdout).Encode(map[string]uint64{"total": total})
}

// first asks all replicas and gives the answer that comes first.
func first(q *query) uint64 {
	answers := make(chan uint64)
	for replica := range replicas {
		go func() { answers <- ask(replica, q) }()
	}
	answer := <-answers
	for range replicas - 1 {
		<-answers
	}
	return answer
}

// ask is one replica's answer. One of them is fast; the others are slower than
// the whole query. This is how the replicas are: leave it as it is.
func ask(replica int, q *query) uint64 {
	if uint64(replica) != q.number%replicas {
		<-q.answered
	}
	return q.number * q.number
}

// untilTold says that the work is done, and waits until standard input ends.
// The check counts the goroutines meanwhile.
func untilTold() {
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	time.Sleep(*hold)
}
