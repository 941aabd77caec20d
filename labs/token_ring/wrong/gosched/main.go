// Ten goroutines pass a token on, one to the next, 2000 times. On one P each
// turn should be one run of one goroutine, taken from runnext: the scheduler
// may run goroutines at most 2500 times, and at least 1500 of them from
// runnext.
//
// Watch for: who is woken each time the token is passed on, and who of them
// can do something? The ring is in ring.go and is yours to change; this file
// is not.
//
//	GOMAXPROCS=1 go run . </dev/null
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

const (
	members = 10
	turns   = 2000
)

// token is what is passed on. Whoever has it takes a turn.
type token struct {
	turns int
	sum   int
}

// take is the turn of a member. It says whether the token is to be passed on.
func (t *token) take(member int) bool {
	if member != t.turns%members {
		fmt.Fprintln(os.Stderr, "not the turn of", member)
		os.Exit(1)
	}
	t.turns++
	t.sum += member * t.turns
	return t.turns < turns
}

func main() {
	seed := flag.Int("seed", 0, "what the sum begins with")
	flag.Parse()
	t := &token{sum: *seed}
	ring(t)
	fmt.Println(t.turns, t.sum)
	// The check looks at the program until its standard input ends.
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
