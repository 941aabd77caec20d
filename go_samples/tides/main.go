// tides has run queues that fill and drain, at times that do not repeat,
// and changes GOMAXPROCS between two tides now and then. It is a pprof
// server too.
//
// Watch for: the depth of the run queues over time. schedtrace counts it
// ten or a hundred times a second; an execution trace of the same seconds
// says at every moment how many goroutines were runnable.
//
//	GODEBUG=schedtrace=10 ./tides -for 5s
package main

import (
	"flag"
	"math/rand/v2"
	"net"
	"net/http"
	_ "net/http/pprof"
	"runtime"
	"sync"
	"time"

	"schedlab/samples/internal/report"
)

type listening struct {
	Address string `json:"address"`
}

// changeEvery is after how many tides GOMAXPROCS goes from 2 to 3 or back.
const changeEvery = 5

func main() {
	length := flag.Duration("for", 10*time.Second, "when the program ends")
	most := flag.Int("goroutines", 400, "how many goroutines the highest tide has")
	rounds := flag.Int("rounds", 150_000, "how long each of them computes")
	flag.Parse()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		report.Fail(err)
	}
	go http.Serve(listener, nil)
	report.Print(listening{Address: listener.Addr().String()})

	chance := rand.New(rand.NewPCG(1, 2))
	end := time.Now().Add(*length)
	for tide := 1; time.Now().Before(end); tide++ {
		if tide%changeEvery == 0 {
			runtime.GOMAXPROCS(5 - runtime.GOMAXPROCS(0))
		}
		flood(1+chance.IntN(*most), *rounds)
		time.Sleep(time.Duration(chance.IntN(8)) * time.Millisecond)
	}
}

// flood makes many goroutines runnable at once and waits for all of them.
func flood(goroutines, rounds int) {
	var all sync.WaitGroup
	for range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			report.Spin(rounds)
		}()
	}
	all.Wait()
}
