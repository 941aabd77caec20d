// A program at work, with checks of its own: pairs of goroutines hand numbers back and forth, others compute
// without ever waiting. At SIGTERM it counts together what was sent and received.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
)

type pair struct{ sent, received, sumSent, sumReceived uint64 }

func (p *pair) send(to chan<- uint64, over *atomic.Bool) {
	for n := uint64(1); !over.Load(); n++ {
		p.sent, p.sumSent = p.sent+1, p.sumSent+n
		to <- n
	}
	close(to)
}

func (p *pair) receive(from <-chan uint64) {
	for n := range from {
		p.received, p.sumReceived = p.received+1, p.sumReceived+n
	}
}

// spin computes the same checksum again and again; it counts rounds and wrong ones.
func spin(over *atomic.Bool, rounds, wrong *atomic.Uint64) {
	text := make([]byte, 4096)
	for i := range text {
		text[i] = byte(i * 7)
	}
	right := crc32.ChecksumIEEE(text)
	for !over.Load() {
		if crc32.ChecksumIEEE(text) != right {
			wrong.Add(1)
		}
		rounds.Add(1)
	}
}

func main() {
	pairs := flag.Int("pairs", 2, "pairs of goroutines that hand over numbers")
	spinners := flag.Int("spinners", 0, "goroutines that compute")
	idle := flag.Int("idle", 0, "goroutines that wait for ever")
	flag.Parse()
	var over atomic.Bool
	var rounds, wrong atomic.Uint64
	var all sync.WaitGroup
	start := func(f func()) {
		all.Add(1)
		go func() { defer all.Done(); f() }()
	}
	never := make(chan int)
	for i := 0; i < *idle; i++ {
		go func() { <-never }()
	}
	counts := make([]pair, *pairs)
	for i := range counts {
		p, numbers := &counts[i], make(chan uint64)
		start(func() { p.send(numbers, &over) })
		start(func() { p.receive(numbers) })
	}
	for i := 0; i < *spinners; i++ {
		start(func() { spin(&over, &rounds, &wrong) })
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	fmt.Println(`{"ready":true}`)
	<-ended
	over.Store(true)
	all.Wait()
	var total pair
	for _, p := range counts {
		total.sent += p.sent
		total.received += p.received
		total.sumSent += p.sumSent
		total.sumReceived += p.sumReceived
	}
	said, err := json.Marshal(map[string]uint64{
		"sent": total.sent, "received": total.received, "sumSent": total.sumSent,
		"sumReceived": total.sumReceived, "rounds": rounds.Load(), "wrong": wrong.Load(),
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(said))
}
