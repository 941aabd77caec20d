// A thousand clients are connected. Each sends one message, which is digested,
// and then stays connected. While they all wait, their goroutines may have no
// more than 4 KiB of stack each.
//
// Watch for: how large is the stack of a goroutine that waits, and how much of
// it is in use? client, in client.go, is yours to change; this file is not.
//
//	go run . </dev/null
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	clients = 1000
	// How much room digest needs.
	room = 16 << 10
)

var (
	seed    = flag.Int("seed", 1, "what the messages are made from")
	hold    = flag.Duration("hold", 0, "stay this long after standard input has ended")
	digests [clients]int
	waiting sync.WaitGroup
	closed  = make(chan struct{})
)

// digest needs a buffer to work in. What is in it afterwards, nobody needs.
func digest(n int, buffer []byte) int {
	for i := range buffer {
		buffer[i] = byte(*seed + n*i)
	}
	sum := 0
	for i := len(buffer) - 1; i >= 0; i-- {
		sum += int(buffer[i])
	}
	return sum
}

// connected is where a client waits, until all are disconnected.
func connected() {
	waiting.Done()
	<-closed
}

func main() {
	flag.Parse()
	waiting.Add(clients)
	var gone sync.WaitGroup
	for n := range clients {
		gone.Go(func() { client(n) })
	}
	waiting.Wait()
	// The check looks at the program until its standard input ends.
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	time.Sleep(*hold)
	close(closed)
	gone.Wait()
	total := 0
	for _, sum := range digests {
		total += sum
	}
	fmt.Println(total)
}
