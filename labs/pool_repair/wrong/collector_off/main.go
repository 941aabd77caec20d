// Wrong: what is not collected is kept. The same is allocated as before.
package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"os"
	"runtime/debug"
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
	debug.SetGCPercent(-1)
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
