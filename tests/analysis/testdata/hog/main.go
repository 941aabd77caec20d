// hog keeps its only P busy with one goroutine that never blocks, while
// another one only wants to run for a moment, again and again. It records
// its own execution trace.
//
//	GOMAXPROCS=1 ./hog -o FILE
package main

import (
	"flag"
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"sync/atomic"
)

func main() {
	file := flag.String("o", "", "where the trace goes")
	turns := flag.Int("turns", 10, "how often the victim runs")
	flag.Parse()
	out, err := os.Create(*file)
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(out); err != nil {
		log.Fatal(err)
	}
	var stop atomic.Bool
	hogged, done := make(chan int), make(chan struct{})
	go hog(&stop, hogged)
	go victim(*turns, done)
	<-done
	stop.Store(true)
	<-hogged
	trace.Stop()
	if err := out.Close(); err != nil {
		log.Fatal(err)
	}
}

func hog(stop *atomic.Bool, hogged chan<- int) {
	spun := 0
	for !stop.Load() {
		spun++
	}
	hogged <- spun
}

func victim(turns int, done chan<- struct{}) {
	for range turns {
		runtime.Gosched()
	}
	close(done)
}
