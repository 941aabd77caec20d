// selftracing serves pprof while it records itself.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof"
	"runtime/trace"
)

func main() {
	if err := trace.Start(io.Discard); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("{\"address\": %q}\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
