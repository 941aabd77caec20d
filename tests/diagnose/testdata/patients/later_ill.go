package main

import (
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"patients/program"
)

// These were written before any detector was looked at with them. They have
// been looked at since.
var laterIll = []program.Program{
	{Name: "reports_beside_pings", Kind: "P starvation", Also: []string{"timer delay"}, Run: reportsBesidePings},
	{Name: "file_locks", Kind: "thread explosion", Run: fileLocks},
	{Name: "small_records", Kind: "syscall storm", Run: smallRecords},
	{Name: "render_in_lock", Kind: "lock convoy", Run: renderInLock},
	{Name: "account_actor", Kind: "channel ping-pong", Also: []string{"too many spinning Ms"}, Run: accountActor},
	{Name: "chains_of_events", Kind: "GC assist pressure", Run: chainsOfEvents},
	{Name: "broadcast_herd", Kind: "too many spinning Ms", Run: broadcastHerd},
	{Name: "quota_of_a_half", Kind: "CPU quota throttling", Procs: 4, QuotaCPUs: 0.5, Run: quotaOfAHalf},
	{Name: "verify_in_one_call", Kind: "unpreemptible loop", Also: []string{"P starvation"}, Run: verifyInOneCall},
	{Name: "ticks_beside_compression", Kind: "timer delay", Also: []string{"P starvation"}, Run: ticksBesideCompression},
	{Name: "put_forgotten_on_error", Kind: "sync.Pool misuse", Run: putForgottenOnError},
}

type sale struct {
	region string
	amount int
}

// reportsBesidePings: a server answers pings at once and makes reports that
// sort everything; some reports at a time are enough to have every P.
func reportsBesidePings(end time.Time) {
	sales := make([]sale, 300_000)
	for i := range sales {
		sales[i] = sale{"region " + strconv.Itoa(i*7919%10_007), i}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "pong") })
	mux.HandleFunc("/report", func(w http.ResponseWriter, _ *http.Request) {
		sorted := slices.Clone(sales)
		slices.SortFunc(sorted, func(a, b sale) int { return cmp.Compare(a.region, b.region) }) // ill: reports_beside_pings
		fmt.Fprintln(w, sorted[0].amount)
	})
	url, stop := serve(mux)
	defer stop()
	program.Together(8, func(i int) {
		for time.Now().Before(end) {
			if i < 4 {
				get(url + "/ping")
				time.Sleep(2 * time.Millisecond)
			} else {
				get(url + "/report")
			}
		}
	})
}

// fileLocks: many goroutines want the lock of one file, and each waits for it
// in the kernel.
func fileLocks(end time.Time) {
	name, remove := scratchFile(nil)
	defer remove()
	program.Together(60, func(int) {
		file, err := os.Open(name)
		if err != nil {
			panic(err)
		}
		defer file.Close()
		for time.Now().Before(end) {
			syscall.Flock(int(file.Fd()), syscall.LOCK_EX) // ill: file_locks
			time.Sleep(time.Millisecond)
			syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
		}
	})
}

// smallRecords: an index is searched on disk, one record of 16 bytes a read.
func smallRecords(end time.Time) {
	name, remove := scratchFile(make([]byte, 1<<20))
	defer remove()
	file, err := os.Open(name)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	record := make([]byte, 16)
	for key := 0; time.Now().Before(end); key++ {
		low, high := 0, 1<<16
		for low < high {
			middle := (low + high) / 2
			file.ReadAt(record, int64(middle)*16) // ill: small_records
			if int(record[0])+middle < key%(1<<16) {
				low = middle + 1
			} else {
				high = middle
			}
		}
	}
}

type page struct {
	mutex    sync.RWMutex
	rendered map[int]string
}

// render makes the page while it has the lock, and everybody waits.
func (p *page) render(id int) string {
	p.mutex.Lock() // ill: render_in_lock
	defer p.mutex.Unlock()
	var out strings.Builder
	for i := range 300 {
		fmt.Fprintf(&out, "<li>%d of %d</li>", i, id)
	}
	p.rendered[id%16] = out.String()
	return p.rendered[id%16]
}

func renderInLock(end time.Time) {
	cache := page{rendered: map[int]string{}}
	program.Together(12, func(i int) {
		for id := i; time.Now().Before(end); id++ {
			cache.render(id)
		}
	})
}

type deposit struct {
	amount int
	reply  chan int
}

// accountActor: a goroutine owns the balance, and each addition is a message
// and an answer.
func accountActor(end time.Time) {
	deposits := make(chan deposit)
	go func() {
		balance := 0
		for one := range deposits { // ill: account_actor
			balance += one.amount
			one.reply <- balance // ill: account_actor
		}
	}()
	reply := make(chan int)
	for i := 0; time.Now().Before(end); i++ {
		deposits <- deposit{i, reply} // ill: account_actor
		<-reply                       // ill: account_actor
	}
	close(deposits)
}

type event struct {
	before *event
	name   *string
	values [2]*int
}

// chainsOfEvents: each session keeps its last events in a list of pointers,
// and makes new ones as fast as it can.
func chainsOfEvents(end time.Time) {
	program.Together(6, func(session int) {
		name := strconv.Itoa(session)
		for time.Now().Before(end) {
			var last *event
			for n := range 200_000 {
				last = &event{before: last, name: &name} // ill: chains_of_events
				if n%1000 == 0 {
					last.values[0] = &n
				}
			}
		}
	})
}

// broadcastHerd: everybody is woken for each item, and one can have it.
func broadcastHerd(end time.Time) {
	var mutex sync.Mutex
	arrived := sync.NewCond(&mutex)
	items, closed := 0, false
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			mutex.Lock()
			defer mutex.Unlock()
			for !closed {
				if items == 0 {
					arrived.Wait() // ill: broadcast_herd
					continue
				}
				items--
			}
		})
	}
	for time.Now().Before(end) {
		mutex.Lock()
		items++
		arrived.Broadcast() // ill: broadcast_herd
		mutex.Unlock()
		time.Sleep(50 * time.Microsecond)
	}
	mutex.Lock()
	closed = true
	arrived.Broadcast()
	mutex.Unlock()
	workers.Wait()
}

// quotaOfAHalf: a container with half a CPU, and a GOMAXPROCS of 4 that
// somebody wrote into its environment.
func quotaOfAHalf(end time.Time) {
	requests := make(chan int)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for n := range requests {
				sha256.Sum256(make([]byte, 1000*(n%100+100)))
			}
		})
	}
	for n := 0; time.Now().Before(end); n++ {
		requests <- n
	}
	close(requests)
	workers.Wait()
}

// verifyInOneCall: the checksum of a whole download is one call of a function
// that is written in assembly. Of SHA-256 it would be one for each 64 KiB
// (maxAsmSize in crypto/internal/fips140/sha256), and could be preempted.
func verifyInOneCall(end time.Time) {
	download := make([]byte, 192<<20)
	program.Together(3, func(int) {
		for time.Now().Before(end) {
			sha1.Sum(download) // ill: verify_in_one_call
		}
	})
}

// ticksBesideCompression: a heartbeat has to come every 2 ms, and every P
// compresses.
func ticksBesideCompression(end time.Time) {
	program.Together(4, func(i int) {
		if i == 0 {
			heartbeats(end)
			return
		}
		out, _ := flate.NewWriter(io.Discard, flate.BestCompression)
		line := []byte(strings.Repeat("a line of a log, number "+strconv.Itoa(i)+"\n", 10_000))
		for time.Now().Before(end) {
			out.Write(line)
		}
	})
}

func heartbeats(end time.Time) {
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for now := range ticker.C { // ill: ticks_beside_compression
		if now.After(end) {
			return
		}
	}
}

var errTooShort = errors.New("too short")

var lines = sync.Pool{New: func() any { return new(bytes.Buffer) }} // ill: put_forgotten_on_error

// putForgottenOnError: what was taken from the pool goes back unless there is
// an error, and there is one most of the time.
func putForgottenOnError(end time.Time) {
	for n := 0; time.Now().Before(end); n++ {
		parseLine(strconv.Itoa(n % 1000))
	}
}

func parseLine(line string) (int, error) {
	buffer := lines.Get().(*bytes.Buffer) // ill: put_forgotten_on_error
	buffer.Reset()
	buffer.WriteString(line)
	if buffer.Len() < 4 {
		return 0, errTooShort
	}
	number, err := strconv.Atoi(buffer.String())
	lines.Put(buffer)
	return number, err
}
