// goker calls the kernel of a bug again and again, as its test would, while
// net/http/pprof answers on a port of the loopback address. When it is
// interrupted it calls no more, and lives on: what stays then has leaked.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"os/signal"
	"testing"
	"time"
)

const every = 50 * time.Millisecond

func main() {
	name := flag.String("kernel", "", "the kernel to call")
	flag.Parse()
	tests, known := kernels[*name]
	if !known {
		fmt.Fprintf(os.Stderr, "there is no kernel %q\n", *name)
		os.Exit(2)
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(listener, nil)
	fmt.Printf("{\"address\":%q}\n", listener.Addr().String())

	for ticks := time.Tick(every); ; {
		select {
		case <-interrupted:
			select {}
		case <-ticks:
			for _, test := range tests {
				go test(new(testing.T))
			}
		}
	}
}
