// Wrong: deadlines for the header and for the time between two requests. Who has
// a place is past the one and not yet at the other.
package main

import (
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"lab/given/peers"
)

const (
	places = 16
	// A peer that has sent nothing for this long is gone, wherever in its
	// request it was. One that sends a little, again and again, is only slow.
	silence = 500 * time.Millisecond
)

var silent = flag.Int("silent", 0, "let so many peers fall silent, try some uploads, and end")

func main() {
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go newServer().Serve(listener)
	if *silent > 0 {
		peers.Try(listener.Addr().String(), *silent)
		return
	}
	fmt.Fprintln(os.Stderr, "listening on", listener.Addr())
	// The check sends its requests meanwhile.
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}

// --- change from here ---

var place = make(chan struct{}, places)

func newServer() *http.Server {
	handler := http.HandlerFunc(receive)
	return &http.Server{Handler: handler, ReadHeaderTimeout: silence, IdleTimeout: silence}
}

func receive(w http.ResponseWriter, r *http.Request) {
	place <- struct{}{}
	defer func() { <-place }()
	upload, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestTimeout)
		return
	}
	fmt.Fprintf(w, "%08x\n", crc32.ChecksumIEEE(upload))
}

// --- to here ---
