// A thousand requests, one after the other, each with a response of 128 KiB.
// There is a pool for the buffers, and the collector runs hundreds of times.
//
// Watch for: what comes out of the pool, and what goes back? Change handle and
// the pool; respond, send and main stay as they are.
//
//	GODEBUG=gctrace=1 go run .
package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"os"
	"sync"
)

const (
	requests = 1000
	words    = 16 << 10
)

var buffers = sync.Pool{New: func() any { return make([]byte, 0, 512) }}

// handle answers one request.
func handle(first uint64) uint64 {
	buffer := buffers.Get().([]byte)
	defer buffers.Put(buffer)
	buffer = respond(buffer, first)
	return send(buffer)
}

func main() {
	seed := flag.Uint64("seed", 1, "the first word of the first response")
	flag.Parse()
	var total uint64
	for n := range uint64(requests) {
		total += handle(*seed + n)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]uint64{"total": total})
}

// respond writes a response of 128 KiB behind what is in the buffer, which
// grows if it has no room.
func respond(buffer []byte, first uint64) []byte {
	for n := range uint64(words) {
		buffer = binary.LittleEndian.AppendUint64(buffer, first+n)
	}
	return buffer
}

// send adds up what is in the response, as the network is not needed here.
func send(response []byte) (sum uint64) {
	for ; len(response) > 0; response = response[8:] {
		sum += binary.LittleEndian.Uint64(response)
	}
	return sum
}
