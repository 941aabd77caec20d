package main

import (
	"bytes"
	"compress/flate"
	"crypto/md5"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"patients/program"
)

// loops keeps what a loop computed from being left out.
var loops atomic.Uint64

var ill = []program.Program{
	{Name: "sleepers_behind_loops", Kind: "P starvation", Also: []string{"timer delay"}, Run: sleepersBehindLoops},
	{Name: "echo_beside_compression", Kind: "P starvation", Also: []string{"timer delay"}, Run: echoBesideCompression},
	{Name: "sleeps_in_the_kernel", Kind: "thread explosion", Run: sleepsInTheKernel},
	{Name: "waits_for_children", Kind: "thread explosion", Run: waitsForChildren},
	{Name: "a_byte_a_write", Kind: "syscall storm", Run: aByteAWrite},
	{Name: "asks_for_each_item", Kind: "syscall storm", Run: asksForEachItem},
	{Name: "all_work_in_a_lock", Kind: "lock convoy", Run: allWorkInALock},
	{Name: "audit_log", Kind: "lock convoy", Run: auditLog},
	{Name: "to_and_fro", Kind: "channel ping-pong", Also: []string{"too many spinning Ms"}, Run: toAndFro},
	{Name: "byte_by_byte", Kind: "channel ping-pong", Also: []string{"too many spinning Ms"}, Run: byteByByte},
	{Name: "trees", Kind: "GC assist pressure", Run: trees},
	{Name: "word_index", Kind: "GC assist pressure", Run: wordIndex},
	{Name: "wakes_for_nothing", Kind: "too many spinning Ms", Run: wakesForNothing},
	{Name: "polls_with_sleep", Kind: "too many spinning Ms", Run: pollsWithSleep},
	{Name: "quota_and_computation", Kind: "CPU quota throttling", Procs: 4, QuotaCPUs: 0.5, Run: quotaAndComputation},
	{Name: "quota_and_bursts", Kind: "CPU quota throttling", Procs: 4, QuotaCPUs: 1, Run: quotaAndBursts},
	{Name: "deaf_loop", Kind: "unpreemptible loop", AsyncPreemptOff: true, Also: []string{"P starvation"}, Run: deafLoop},
	{Name: "digest_in_one_call", Kind: "unpreemptible loop", Also: []string{"P starvation"}, Run: digestInOneCall},
	{Name: "sleep_beside_loops", Kind: "timer delay", Also: []string{"P starvation"}, Run: sleepBesideLoops},
	{Name: "deadlines_beside_hashes", Kind: "timer delay", Also: []string{"P starvation"}, Run: deadlinesBesideHashes},
	{Name: "slices_by_value", Kind: "sync.Pool misuse", Also: []string{"GC assist pressure"}, Run: slicesByValue},
	{Name: "never_put_back", Kind: "sync.Pool misuse", Also: []string{"GC assist pressure"}, Run: neverPutBack},
}

// computeForLong never gives up its P by itself.
//
//go:noinline
func computeForLong() uint64 {
	x := uint64(1)
	for range 100_000_000 { // ill: sleepers_behind_loops // ill: sleep_beside_loops
		x ^= x << 13 // ill: sleepers_behind_loops // ill: sleep_beside_loops
		x ^= x >> 7  // ill: sleepers_behind_loops // ill: sleep_beside_loops
		x ^= x << 17 // ill: sleepers_behind_loops // ill: sleep_beside_loops
	}
	return x
}

// sleepersBehindLoops: what needs microseconds waits behind what computes.
func sleepersBehindLoops(end time.Time) {
	program.Together(2*runtime.GOMAXPROCS(0)+4, func(i int) {
		for time.Now().Before(end) {
			if i < 4 {
				time.Sleep(2 * time.Millisecond)
				program.Spin(5_000)
			} else {
				computeForLong()
			}
		}
	})
}

// echoBesideCompression: a server that sends back what it gets, in a process
// that also compresses its old files.
func echoBesideCompression(end time.Time) {
	address, stop := echo()
	defer stop()
	old := []byte(strings.Repeat("GET /index.html 200 ", 20_000))
	program.Together(8, func(i int) {
		if i < 4 {
			talk(address, end)
			return
		}
		out, _ := flate.NewWriter(io.Discard, flate.BestCompression)
		for time.Now().Before(end) {
			out.Write(old) // ill: echo_beside_compression
		}
	})
}

func talk(address string, end time.Time) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	answer := make([]byte, 4)
	for time.Now().Before(end) {
		conn.Write([]byte("ping"))
		io.ReadFull(conn, answer)
		time.Sleep(time.Millisecond)
	}
}

// sleepsInTheKernel: a call that the network poller knows nothing of.
func sleepsInTheKernel(end time.Time) {
	program.Together(100, func(int) {
		for time.Now().Before(end) {
			moment := syscall.NsecToTimespec(int64(100 * time.Millisecond))
			syscall.Nanosleep(&moment, nil) // ill: sleeps_in_the_kernel
		}
	})
}

// waitsForChildren: a runner of jobs starts all of them at once.
func waitsForChildren(end time.Time) {
	program.Together(40, func(int) {
		for time.Now().Before(end) {
			if err := exec.Command("sleep", "0.4").Run(); err != nil { // ill: waits_for_children
				panic(err)
			}
		}
	})
}

// aByteAWrite: output without a buffer.
func aByteAWrite(end time.Time) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	defer null.Close()
	for n := 0; time.Now().Before(end); n++ {
		fmt.Fprintf(null, "%d\n", n) // ill: a_byte_a_write
	}
}

// asksForEachItem: whether the configuration has changed, each time.
func asksForEachItem(end time.Time) {
	name, remove := scratchFile([]byte("limit: 5"))
	defer remove()
	var read time.Time
	for n := 0; time.Now().Before(end); n++ {
		about, err := os.Stat(name) // ill: asks_for_each_item
		if err != nil {
			panic(err)
		}
		if about.ModTime().After(read) {
			read = about.ModTime()
		}
		program.Spin(500)
	}
}

// allWorkInALock: a lock around everything.
func allWorkInALock(end time.Time) {
	var lock sync.Mutex
	program.Together(16, func(int) {
		for time.Now().Before(end) {
			lock.Lock() // ill: all_work_in_a_lock
			program.Spin(100_000)
			lock.Unlock()
		}
	})
}

type audit struct {
	sync.Mutex
	out io.Writer
}

// record encodes while it has the lock.
func (a *audit) record(entry any) {
	a.Lock() // ill: audit_log
	defer a.Unlock()
	encoder := json.NewEncoder(a.out)
	encoder.SetIndent("", " ")
	encoder.Encode(entry)
}

func auditLog(end time.Time) {
	log := audit{out: io.Discard}
	entry := map[string][]int{"before": make([]int, 1000), "after": make([]int, 1000)}
	program.Together(10, func(int) {
		for time.Now().Before(end) {
			program.Spin(20_000)
			log.record(entry)
		}
	})
}

// toAndFro: two goroutines hand a number to each other, and do a little. Each
// wake lets another P look for work (ready, wakep in runtime/proc.go).
func toAndFro(end time.Time) {
	there, back := make(chan int), make(chan int)
	go func() {
		for n := range there { // ill: to_and_fro
			back <- n // ill: to_and_fro
			program.Spin(1_000)
		}
		close(back)
	}()
	for n := 0; time.Now().Before(end); n++ {
		there <- n // ill: to_and_fro
		program.Spin(1_000)
		<-back // ill: to_and_fro
	}
	close(there)
}

// byteByByte: a scanner sends each byte to the parser by itself.
func byteByByte(end time.Time) {
	text := make(chan byte)
	go func() {
		defer close(text)
		for n := 0; time.Now().Before(end); n++ {
			for _, b := range strconv.AppendInt(nil, int64(n), 10) {
				text <- b // ill: byte_by_byte
			}
		}
	}()
	sum := 0
	for b := range text { // ill: byte_by_byte
		sum = sum*31 + int(b)
	}
}

type node struct{ left, right *node }

func tree(depth int) *node {
	if depth == 0 {
		return &node{} // ill: trees
	}
	return &node{tree(depth - 1), tree(depth - 1)} // ill: trees
}

// trees: every P allocates objects full of pointers as fast as it can.
func trees(end time.Time) {
	kept := tree(18)
	program.Together(4*runtime.GOMAXPROCS(0), func(int) {
		for time.Now().Before(end) {
			tree(12)
		}
	})
	runtime.KeepAlive(kept)
}

// wordIndex: an index of words is made again and again, beside one that stays.
func wordIndex(end time.Time) {
	words := make([]string, 5_000)
	for i := range words {
		words[i] = "word" + strconv.Itoa(i*7919%997)
	}
	index := func() map[string][]*int {
		found := map[string][]*int{}
		for place, word := range words {
			found[word] = append(found[word], &place) // ill: word_index
		}
		return found
	}
	kept := make([]map[string][]*int, 3)
	for i := range kept {
		kept[i] = index()
	}
	program.Together(8, func(int) {
		for time.Now().Before(end) {
			index()
		}
	})
	runtime.KeepAlive(kept)
}

// wakesForNothing: every wake is for next to no work, and comes when everybody
// sleeps.
func wakesForNothing(end time.Time) {
	queue := make(chan int)
	for range 8 {
		go func() {
			for range queue { // ill: wakes_for_nothing
				program.Spin(10)
			}
		}()
	}
	for time.Now().Before(end) {
		queue <- 1                   // ill: wakes_for_nothing
		time.Sleep(time.Microsecond) // ill: wakes_for_nothing
	}
	close(queue)
}

// pollsWithSleep: goroutines look again and again whether there is something
// to do, and never is there.
func pollsWithSleep(end time.Time) {
	program.Together(6, func(int) {
		for time.Now().Before(end) {
			time.Sleep(20 * time.Microsecond) // ill: polls_with_sleep
		}
	})
}

// quotaAndComputation: four Ps compute, and there is half a CPU.
func quotaAndComputation(end time.Time) {
	program.Together(runtime.GOMAXPROCS(0), func(int) {
		for time.Now().Before(end) {
			program.Spin(1_000_000)
		}
	})
}

// quotaAndBursts: every 50 ms a burst comes that four Ps would do at once.
func quotaAndBursts(end time.Time) {
	block := make([]byte, 512<<10)
	for time.Now().Before(end) {
		program.Together(300, func(int) { sha256.Sum256(block) })
		time.Sleep(20 * time.Millisecond)
	}
}

// deafLoop: with GODEBUG=asyncpreemptoff=1 nobody can take the P from a loop
// that makes no call. The first call after it is where it gives way.
func deafLoop(end time.Time) {
	program.Together(2*runtime.GOMAXPROCS(0), func(int) {
		for time.Now().Before(end) { // ill: deaf_loop
			x := uint64(1)
			for range 60_000_000 { // ill: deaf_loop
				x ^= x << 13 // ill: deaf_loop
				x ^= x >> 7  // ill: deaf_loop
				x ^= x << 17 // ill: deaf_loop
			}
			loops.Store(x) // ill: deaf_loop
		}
	})
}

// digestInOneCall: a function in assembly gets everything at once.
func digestInOneCall(end time.Time) {
	archive := make([]byte, 96<<20)
	program.Together(4, func(int) {
		for time.Now().Before(end) {
			md5.Sum(archive) // ill: digest_in_one_call
		}
	})
}

// sleepBesideLoops: short sleeps beside Ps that all compute.
func sleepBesideLoops(end time.Time) {
	procs := runtime.GOMAXPROCS(0)
	program.Together(procs+1, func(i int) {
		for time.Now().Before(end) {
			switch i {
			case 0:
				time.Sleep(time.Millisecond) // ill: sleep_beside_loops
			case procs:
				computeForLong()
				time.Sleep(20 * time.Millisecond)
			default:
				computeForLong()
			}
		}
	})
}

// deadlinesBesideHashes: whoever waits for an answer gives up after 3 ms, or
// would, if its timer came in time.
func deadlinesBesideHashes(end time.Time) {
	answers := make(chan int)
	program.Together(6, func(i int) {
		block := bytes.Repeat([]byte{byte(i)}, 1<<20)
		for time.Now().Before(end) {
			if i > 1 {
				sha256.Sum256(block)
				continue
			}
			select { // ill: deadlines_beside_hashes
			case <-answers:
			case <-time.After(3 * time.Millisecond):
			}
		}
	})
}

var slicesOf4K = sync.Pool{New: func() any { return make([]byte, 4096) }}

// slicesByValue: a slice is put into the pool, and its header is allocated
// each time, to be pointed to.
func slicesByValue(end time.Time) {
	for n := 0; time.Now().Before(end); n++ {
		buffer := slicesOf4K.Get().([]byte)
		copy(buffer, "something to send")
		slicesOf4K.Put(buffer) // ill: slices_by_value
	}
}

type request struct {
	name  string
	parts [64]int
}

var requests = sync.Pool{New: func() any { return new(request) }} // ill: never_put_back

// neverPutBack: a pool to which nobody returns anything.
func neverPutBack(end time.Time) {
	program.Together(2, func(i int) {
		for n := 0; time.Now().Before(end); n++ {
			one := requests.Get().(*request) // ill: never_put_back
			one.name, one.parts[n%64] = "a request", n
		}
	})
}
