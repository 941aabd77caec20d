package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"patients/program"
)

// These were written before any detector was looked at with them. They have
// been looked at since.
var laterWell = []program.Program{
	{Name: "gateway", Run: gateway},
	{Name: "batched_channel", Run: batchedChannel},
	{Name: "parked_sessions", Run: parkedSessions},
	{Name: "tickers_on_time", Run: tickersOnTime},
	{Name: "fan_out", Run: fanOut},
	{Name: "one_core_job", Run: oneCoreJob},
	{Name: "pool_of_pointers", Run: poolOfPointers},
	{Name: "quota_that_matches", Procs: 1, QuotaCPUs: 1, Run: quotaThatMatches},
	{Name: "short_log_lock", Run: shortLogLock},
	{Name: "pointer_free_garbage", Run: pointerFreeGarbage},
	{Name: "bounded_file_readers", Run: boundedFileReaders},
	{Name: "chunks_that_yield", Run: chunksThatYield},
}

// gateway answers small requests with JSON, at a pace that leaves Ps free.
func gateway(end time.Time) {
	mux := http.NewServeMux()
	mux.HandleFunc("/user", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]string{"name": r.URL.Query().Get("name"), "role": "reader"})
	})
	url, stop := serve(mux)
	defer stop()
	program.Together(6, func(int) {
		for time.Now().Before(end) {
			get(url + "/user?name=ada")
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		}
	})
}

// batchedChannel hands many items through a channel, hundreds at a time.
func batchedChannel(end time.Time) {
	batches := make(chan []int, 4)
	go func() {
		defer close(batches)
		for time.Now().Before(end) {
			batch := make([]int, 0, 512)
			for n := range 512 {
				batch = append(batch, n*n)
			}
			program.Spin(200_000)
			batches <- batch
		}
	}()
	total := 0
	for batch := range batches {
		for _, n := range batch {
			total += n
		}
		program.Spin(150_000)
	}
}

// parkedSessions has thousands of sessions, each with a goroutine that waits
// for its next message; a few get one.
func parkedSessions(end time.Time) {
	sessions := make([]chan string, 5_000)
	var open sync.WaitGroup
	for i := range sessions {
		sessions[i] = make(chan string, 1)
		open.Go(func() {
			for message := range sessions[i] {
				strings.ToUpper(message)
			}
		})
	}
	for time.Now().Before(end) {
		for range 20 {
			sessions[rand.IntN(len(sessions))] <- "hello"
		}
		time.Sleep(5 * time.Millisecond)
	}
	for _, session := range sessions {
		close(session)
	}
	open.Wait()
}

// tickersOnTime has many tickers, with little to do at each tick.
func tickersOnTime(end time.Time) {
	program.Together(100, func(i int) {
		ticker := time.NewTicker(time.Duration(20+i%10) * time.Millisecond)
		defer ticker.Stop()
		for now := range ticker.C {
			if now.After(end) {
				return
			}
			program.Spin(2_000)
		}
	})
}

// fanOut hashes blocks, as many at a time as there are Ps, and collects sums.
func fanOut(end time.Time) {
	block := make([]byte, 256<<10)
	for time.Now().Before(end) {
		places := make(chan struct{}, runtime.GOMAXPROCS(0))
		var mutex sync.Mutex
		sums := map[int][32]byte{}
		var all sync.WaitGroup
		for i := range 64 {
			places <- struct{}{}
			all.Go(func() {
				defer func() { <-places }()
				sum := sha256.Sum256(block)
				mutex.Lock()
				sums[i] = sum
				mutex.Unlock()
			})
		}
		all.Wait()
	}
}

// oneCoreJob is a batch job that is serial by nature.
func oneCoreJob(end time.Time) {
	numbers := make([]int, 200_000)
	for time.Now().Before(end) {
		for i := range numbers {
			numbers[i] = rand.Int()
		}
		slices.Sort(numbers)
	}
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// poolOfPointers uses a pool as it is meant to be used.
func poolOfPointers(end time.Time) {
	program.Together(2, func(int) {
		for time.Now().Before(end) {
			buffer := buffers.Get().(*bytes.Buffer)
			buffer.Reset()
			for range 100 {
				buffer.WriteString("a field, ")
			}
			sum := sha256.Sum256(buffer.Bytes())
			buffers.Put(buffer)
			_ = sum
		}
	})
}

// quotaThatMatches has a quota of one CPU and one P.
func quotaThatMatches(end time.Time) {
	for time.Now().Before(end) {
		program.Spin(2_000_000)
		time.Sleep(3 * time.Millisecond)
	}
}

// shortLogLock writes a log from many goroutines through one logger, whose
// lock is held for a line.
func shortLogLock(end time.Time) {
	logger := log.New(io.Discard, "job ", log.LstdFlags)
	// A writer that is not io.Discard itself, which the logger would notice.
	logger.SetOutput(struct{ io.Writer }{io.Discard})
	program.Together(8, func(i int) {
		for n := 0; time.Now().Before(end); n++ {
			program.Spin(300_000)
			logger.Printf("worker %d did part %d", i, n)
		}
	})
}

// pointerFreeGarbage makes images, so the collector runs often and has
// nothing to mark.
func pointerFreeGarbage(end time.Time) {
	program.Together(2, func(int) {
		for time.Now().Before(end) {
			image := make([]byte, 256<<10)
			for i := range image {
				image[i] = byte(i)
			}
			runtime.KeepAlive(image)
		}
	})
}

// boundedFileReaders read files, four at a time.
func boundedFileReaders(end time.Time) {
	name, remove := scratchFile(make([]byte, 4<<20))
	defer remove()
	program.Together(4, func(int) {
		for time.Now().Before(end) {
			content, err := os.ReadFile(name)
			if err != nil {
				panic(err)
			}
			bytes.Count(content, []byte{1})
			program.Spin(1_000_000)
		}
	})
}

// chunksThatYield computes beside short requests, in pieces that are bounded
// by a semaphore below GOMAXPROCS.
func chunksThatYield(end time.Time) {
	places := make(chan struct{}, runtime.GOMAXPROCS(0)-1)
	program.Together(8, func(i int) {
		for time.Now().Before(end) {
			if i < 4 {
				time.Sleep(2 * time.Millisecond)
				program.Spin(5_000)
				continue
			}
			places <- struct{}{}
			program.Spin(20_000_000)
			<-places
		}
	})
}
