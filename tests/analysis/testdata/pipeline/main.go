// pipeline hands a token along goroutines A, B and C over unbuffered
// channels, and records its own execution trace. C ends last, and what it
// waited for leads back through B to A.
//
//	./pipeline -o FILE
package main

import (
	"flag"
	"log"
	"os"
	"runtime/trace"
)

func main() {
	file := flag.String("o", "", "where the trace goes")
	flag.Parse()
	out, err := os.Create(*file)
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(out); err != nil {
		log.Fatal(err)
	}
	start, fromA, fromB, done := make(chan int), make(chan int), make(chan int), make(chan int)
	go stageC(fromB, done)
	go stageB(fromA, fromB)
	go stageA(start, fromA)
	start <- 1
	<-done
	trace.Stop()
	if err := out.Close(); err != nil {
		log.Fatal(err)
	}
}

func stageA(in <-chan int, out chan<- int) { out <- work(<-in) }

func stageB(in <-chan int, out chan<- int) { out <- work(<-in) }

func stageC(in <-chan int, done chan<- int) { done <- work(<-in) }

// work computes for a few milliseconds: long enough for the next stage to
// be asleep when the token comes.
func work(token int) int {
	for i := range 10_000_000 {
		token = token*31 + i
	}
	return token
}
