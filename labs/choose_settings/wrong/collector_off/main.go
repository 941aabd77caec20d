// A service has quiet hours, in which it keeps 2 MiB, and a busy one, in which
// it keeps 48 MiB. All the time it makes new pieces and drops old ones.
//
// Watch for: how often does the collector run in each, and how large is the
// heap then? This file stays as it is: settings.go has what you choose.
//
//	GODEBUG=gctrace=1 go run .
package main

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"runtime/debug"
)

const piece = 16 << 10

func main() {
	seed := flag.Uint64("seed", 1, "what the first piece holds")
	flag.Parse()
	debug.SetGCPercent(gogc)
	if memoryLimitMiB > 0 {
		debug.SetMemoryLimit(memoryLimitMiB << 20)
	} else {
		debug.SetMemoryLimit(math.MaxInt64)
	}
	total := serve(*seed, 2<<20, 1<<30) + serve(*seed, 48<<20, 384<<20)
	json.NewEncoder(os.Stdout).Encode(map[string]uint64{"total": total})
}

// serve keeps the newest pieces, keep bytes of them, and makes made bytes in all.
func serve(seed uint64, keep, made int) (total uint64) {
	kept := newRing(keep / piece)
	for n := range uint64(made / piece) {
		kept.put(n, seed+n)
	}
	for _, one := range kept {
		total += one[0]
	}
	return total
}

type ring [][]uint64

func newRing(size int) ring { return make(ring, size) }

func (r ring) put(n, value uint64) {
	fresh := make([]uint64, piece/8)
	// Memory counts once it is written to: a word in each page.
	for i := 0; i < len(fresh); i += 512 {
		fresh[i] = value
	}
	r[n%uint64(len(r))] = fresh
}
