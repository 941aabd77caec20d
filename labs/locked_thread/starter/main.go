// A device may be touched by one thread only, so the goroutine that writes to
// it is locked to its thread. 2000 messages for it are made by another
// goroutine. There is one P, and it may be handed to the locked thread at
// most 200 times.
//
// Watch for: what has to happen before a goroutine that is locked to a thread
// can run? The two are in drive.go and are yours to change; this file is not.
//
//	GOMAXPROCS=1 go run . </dev/null
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
)

const messages = 2000

// device adds up what is written to it.
type device struct {
	count, sum int
}

func (d *device) write(message int) {
	d.count++
	d.sum += message * d.count
}

func main() {
	seed := flag.Int("seed", 1, "what the messages are made from")
	flag.Parse()
	var (
		d       device
		written sync.WaitGroup
		closed  = make(chan struct{})
	)
	written.Add(1)
	go func() {
		drive(&d, *seed)
		written.Done()
		// The device stays open, and its thread with it.
		<-closed
	}()
	written.Wait()
	fmt.Println(d.count, d.sum)
	// The check looks at the program until its standard input ends.
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	close(closed)
}
