// server serves the debugging pages that its flags name, with goroutines that
// wait, until it is killed.
package main

import (
	"expvar"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime"
)

func main() {
	waiting := flag.Int("waiting", 0, "goroutines that wait")
	profiles := flag.Bool("pprof", false, "serve /debug/pprof/")
	variables := flag.Bool("expvar", false, "serve /debug/vars")
	flag.Parse()
	for range *waiting {
		go func() { select {} }()
	}
	pages := http.NewServeMux()
	if *profiles {
		pages.HandleFunc("/debug/pprof/", pprof.Index)
	}
	if *variables {
		pages.Handle("/debug/vars", expvar.Handler())
	}
	pages.HandleFunc("/collect", func(http.ResponseWriter, *http.Request) { runtime.GC() })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("{\"address\":%q}\n", listener.Addr())
	panic(http.Serve(listener, pages))
}
