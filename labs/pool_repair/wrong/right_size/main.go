// Wrong: a buffer of the right size, a new one for each request.
package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"os"
)

const (
	requests = 1000
	words    = 16 << 10
)

// handle answers one request.
func handle(first uint64) uint64 {
	buffer := respond(make([]byte, 0, 8*words), first)
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
