package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"patients/program"
)

// These were written by somebody who had read no detector. Each has something
// that looks bad at first sight.
var strangersWell = []program.Program{
	{Name: "subscribers", Run: subscribers},
	{Name: "parsers_of_a_log", Run: parsersOfALog},
	{Name: "cache_in_shards", Run: cacheInShards},
	{Name: "hot_counters", Run: hotCounters},
	{Name: "bulk_over_tcp", Run: bulkOverTCP},
	{Name: "roomy_gogc", Run: roomyGOGC},
	{Name: "compressors_from_a_pool", Run: compressorsFromAPool},
	{Name: "owner_of_a_thread", Run: ownerOfAThread},
	{Name: "idle_timeouts", Run: idleTimeouts},
	{Name: "blocks_of_a_matrix", Run: blocksOfAMatrix},
	{Name: "sort_that_forks", Run: sortThatForks},
	{Name: "group_commit", Run: groupCommit},
	{Name: "polite_crawler", Run: politeCrawler},
	{Name: "quota_and_paced_batches", Procs: 2, QuotaCPUs: 1, Run: quotaAndPacedBatches},
	{Name: "digest_in_pieces", Run: digestInPieces},
	{Name: "settings_in_a_pointer", Run: settingsInAPointer},
	{Name: "structured_log", Run: structuredLog},
	{Name: "scanner_over_a_file", Run: scannerOverAFile},
	{Name: "pipes_in_the_poller", Run: pipesInThePoller},
}

// subscribers are 300, each with a goroutine, and all are woken at once when
// there is news. There seldom is, and each does little with it.
func subscribers(end time.Time) {
	var news atomic.Pointer[chan struct{}]
	next := make(chan struct{})
	news.Store(&next)
	var all sync.WaitGroup
	for range 300 {
		all.Go(func() {
			for time.Now().Before(end) {
				<-*news.Load()
				program.SpinFor(2 * time.Microsecond)
			}
		})
	}
	for time.Now().Before(end) {
		time.Sleep(50 * time.Millisecond)
		last, following := news.Load(), make(chan struct{})
		news.Store(&following)
		close(*last)
	}
	close(*news.Load())
	all.Wait()
}

// parsersOfALog hands a log through channels all the time, 4000 lines at once,
// to as many parsers as there are Ps.
func parsersOfALog(end time.Time) {
	chunk := []byte(strings.Repeat("GET /index.html 200 1532 0.003\n", 4_000))
	chunks, counts := make(chan []byte, 16), make(chan int, 16)
	go func() {
		defer close(chunks)
		for time.Now().Before(end) {
			chunks <- chunk
		}
	}()
	var parsers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		parsers.Go(func() {
			for lines := range chunks {
				counts <- countOK(lines)
			}
		})
	}
	go func() {
		parsers.Wait()
		close(counts)
	}()
	total := 0
	for count := range counts {
		total += count
	}
}

func countOK(lines []byte) int {
	count := 0
	for line := range bytes.Lines(lines) {
		status := 0
		for field := range bytes.FieldsSeq(line) {
			if status++; status == 3 && string(field) == "200" {
				count++
			}
		}
	}
	return count
}

type shard struct {
	mutex sync.Mutex
	found map[uint64][32]byte
}

// cacheInShards asks a cache a hundred thousand times a second, and has one of
// 16 locks for moments. What is missing is computed without a lock.
func cacheInShards(end time.Time) {
	var shards [16]shard
	for i := range shards {
		shards[i].found = map[uint64][32]byte{}
	}
	block := make([]byte, 32<<10)
	program.Together(runtime.GOMAXPROCS(0), func(int) {
		for time.Now().Before(end) {
			key := rand.Uint64N(10_000)
			one := &shards[key%16]
			one.mutex.Lock()
			sum, ok := one.found[key]
			one.mutex.Unlock()
			if !ok {
				sum = sha256.Sum256(block)
				one.mutex.Lock()
				one.found[key] = sum
				one.mutex.Unlock()
			}
			program.SpinFor(5 * time.Microsecond)
		}
	})
}

// hotCounters has one lock for all, tens of thousands of times a second, for
// less than a hundredth of the time.
func hotCounters(end time.Time) {
	var lock sync.Mutex
	counts := map[int]int{}
	program.Together(runtime.GOMAXPROCS(0), func(int) {
		for n := 0; time.Now().Before(end); n++ {
			program.SpinFor(10 * time.Microsecond)
			lock.Lock()
			counts[n%100]++
			lock.Unlock()
		}
	})
}

// bulkOverTCP makes many system calls. Each carries much, and the network
// poller has whoever waits.
func bulkOverTCP(end time.Time) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer listener.Close()
	go func() {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		for part := make([]byte, 512<<10); time.Now().Before(end); {
			conn.Write(part)
			time.Sleep(2 * time.Millisecond)
		}
	}()
	conn, err := listener.Accept()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	io.CopyBuffer(struct{ io.Writer }{sha256.New()}, struct{ io.Reader }{conn}, make([]byte, 64<<10))
}

// roomyGOGC keeps a large heap and allocates a lot, and lets it grow to four
// times its size before the collector comes.
func roomyGOGC(end time.Time) {
	debug.SetGCPercent(400)
	kept := tree(19)
	program.Together(2, func(int) {
		for time.Now().Before(end) {
			tree(8)
			program.SpinFor(100 * time.Microsecond)
		}
	})
	runtime.KeepAlive(kept)
}

var compressors = sync.Pool{New: func() any {
	out, _ := flate.NewWriter(nil, flate.BestSpeed)
	return out
}}

// compressorsFromAPool takes large things from a pool, resets them, and gives
// each of them back, whatever happens.
func compressorsFromAPool(end time.Time) {
	answer := prose(16 << 10)
	program.Together(4, func(int) {
		for time.Now().Before(end) {
			compressTo(io.Discard, answer)
			time.Sleep(2 * time.Millisecond)
		}
	})
}

func compressTo(out io.Writer, answer []byte) {
	compressor := compressors.Get().(*flate.Writer)
	defer compressors.Put(compressor)
	compressor.Reset(out)
	compressor.Write(answer)
	compressor.Close()
}

// ownerOfAThread has a thread to itself, as a library for graphics wants it,
// and gets its commands by the hundred.
func ownerOfAThread(end time.Time) {
	frames := make(chan []int, 2)
	var owner sync.WaitGroup
	owner.Go(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for commands := range frames {
			for range commands {
				program.SpinFor(10 * time.Microsecond)
			}
		}
	})
	for now := range time.Tick(8 * time.Millisecond) {
		if now.After(end) {
			break
		}
		frames <- make([]int, 100)
	}
	close(frames)
	owner.Wait()
}

// idleTimeouts has a timer for each of 5000 connections. It is set anew with
// each message, so it hardly ever comes.
func idleTimeouts(end time.Time) {
	timeouts := make([]*time.Timer, 5_000)
	var closed atomic.Int64
	for i := range timeouts {
		timeouts[i] = time.AfterFunc(time.Hour, func() { closed.Add(1) })
	}
	for time.Now().Before(end) {
		for range 200 {
			timeouts[rand.IntN(len(timeouts))].Reset(time.Minute)
			program.SpinFor(5 * time.Microsecond)
		}
		time.Sleep(time.Millisecond)
	}
	for _, timeout := range timeouts {
		timeout.Stop()
	}
}

// blocksOfAMatrix has one goroutine on each P that computes as long as there
// is anything left. Nobody waits for a P.
func blocksOfAMatrix(end time.Time) {
	const size = 256
	var a, b, product [size][size]float64
	for time.Now().Before(end) {
		var next atomic.Int64
		program.Together(runtime.GOMAXPROCS(0), func(int) {
			for row := next.Add(1) - 1; row < size; row = next.Add(1) - 1 {
				for k := range size {
					for column := range size {
						product[row][column] += a[row][k] * b[k][column]
					}
				}
			}
		})
	}
}

// sortThatForks makes goroutines on one P, and the other Ps take some. Each
// has work for a part of a millisecond.
func sortThatForks(end time.Time) {
	numbers := make([]uint64, 128<<10)
	for time.Now().Before(end) {
		for i := range numbers {
			numbers[i] = rand.Uint64()
		}
		forkingSort(numbers)
	}
}

func forkingSort(numbers []uint64) {
	if len(numbers) <= 8<<10 {
		slices.Sort(numbers)
		return
	}
	pivot := numbers[len(numbers)/2]
	low, high := 0, len(numbers)-1
	for low <= high {
		for numbers[low] < pivot {
			low++
		}
		for numbers[high] > pivot {
			high--
		}
		if low <= high {
			numbers[low], numbers[high] = numbers[high], numbers[low]
			low, high = low+1, high-1
		}
	}
	var left sync.WaitGroup
	left.Go(func() { forkingSort(numbers[:high+1]) })
	forkingSort(numbers[low:])
	left.Wait()
}

type record struct {
	text   string
	stored chan struct{}
}

// groupCommit has 40 goroutines that each want a record on disk before they go
// on. One writes for all, with one call, each 5 ms.
func groupCommit(end time.Time) {
	name, remove := scratchFile(nil)
	defer remove()
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	records := make(chan record, 40)
	go func() {
		var text []byte
		for range time.Tick(5 * time.Millisecond) {
			var waiting []chan struct{}
			for range len(records) {
				one := <-records
				text, waiting = append(text, one.text...), append(waiting, one.stored)
			}
			if len(waiting) == 0 {
				continue
			}
			file.Write(text)
			text = text[:0]
			for _, stored := range waiting {
				close(stored)
			}
		}
	}()
	program.Together(40, func(i int) {
		for n := 0; time.Now().Before(end); n++ {
			one := record{fmt.Sprintf("client %d, record %d\n", i, n), make(chan struct{})}
			records <- one
			<-one.stored
			time.Sleep(time.Duration(10+rand.IntN(20)) * time.Millisecond)
		}
	})
}

// politeCrawler fetches pages from a server that is slow, three at a time, and
// has a deadline for each of them that is seldom needed.
func politeCrawler(end time.Time) {
	url, stop := serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(10 * time.Millisecond)
		io.WriteString(w, strings.Repeat("<a href=/next>", 500))
	}))
	defer stop()
	program.Together(3, func(int) {
		for time.Now().Before(end) {
			links, err := crawl(url)
			if err != nil {
				panic(err)
			}
			program.SpinFor(time.Duration(links) * time.Microsecond)
		}
	})
}

func crawl(url string) (links int, err error) {
	soon, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(soon, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	return bytes.Count(page, []byte("href")), err
}

// quotaAndPacedBatches has two Ps and a quota of one CPU. Its batches use both
// for moments, and in each of the quota's periods less than half of it.
func quotaAndPacedBatches(end time.Time) {
	for time.Now().Before(end) {
		program.Together(2, func(int) { program.SpinFor(3 * time.Millisecond) })
		time.Sleep(15 * time.Millisecond)
	}
}

// digestInPieces has one P compute for as long as it runs, in pieces, and the
// other is free for heartbeats.
func digestInPieces(end time.Time) {
	var beats sync.WaitGroup
	beats.Go(func() {
		for now := range time.Tick(4 * time.Millisecond) {
			if now.After(end) {
				return
			}
			program.SpinFor(10 * time.Microsecond)
		}
	})
	piece := make([]byte, 256<<10)
	for digest := sha256.New(); time.Now().Before(end); {
		digest.Write(piece)
	}
	beats.Wait()
}

type settings struct{ limits [100]int }

// settingsInAPointer are read for each piece of work, by everybody, and are
// replaced as a whole: nobody waits for anybody.
func settingsInAPointer(end time.Time) {
	var current atomic.Pointer[settings]
	current.Store(new(settings))
	program.Together(3, func(i int) {
		for n := 0; time.Now().Before(end); n++ {
			if i == 0 {
				changed := *current.Load()
				changed.limits[n%100] = n
				current.Store(&changed)
				time.Sleep(10 * time.Millisecond)
				continue
			}
			_ = current.Load().limits[n%100]
			program.SpinFor(100 * time.Microsecond)
			time.Sleep(time.Millisecond)
		}
	})
}

type lockedBuffer struct {
	mutex sync.Mutex
	out   *bufio.Writer
}

func (b *lockedBuffer) Write(line []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.out.Write(line)
}

// structuredLog writes a line of JSON for each piece of work, through a lock
// and a buffer. A lock that is had for a microsecond is seldom waited for.
func structuredLog(end time.Time) {
	file, err := os.CreateTemp("", "patients")
	if err != nil {
		panic(err)
	}
	defer os.Remove(file.Name())
	buffer := lockedBuffer{out: bufio.NewWriterSize(file, 64<<10)}
	logger := slog.New(slog.NewJSONHandler(&buffer, nil))
	program.Together(4, func(worker int) {
		for part := 0; time.Now().Before(end); part++ {
			program.SpinFor(200 * time.Microsecond)
			logger.Info("done", "worker", worker, "part", part, "of", "a thing that takes long")
		}
	})
	buffer.out.Flush()
}

// scannerOverAFile reads line by line, and the system is asked for 64 KB at
// a time.
func scannerOverAFile(end time.Time) {
	name, remove := scratchFile(bytes.Repeat([]byte(`{"id":17,"name":"an item","price":4711}`+"\n"), 20_000))
	defer remove()
	var item struct{ ID, Price int }
	for time.Now().Before(end) {
		file, err := os.Open(name)
		if err != nil {
			panic(err)
		}
		lines := bufio.NewScanner(file)
		lines.Buffer(make([]byte, 64<<10), 64<<10)
		for lines.Scan() && time.Now().Before(end) {
			if err := json.Unmarshal(lines.Bytes(), &item); err != nil {
				panic(err)
			}
		}
		file.Close()
	}
}

// pipesInThePoller reads 200 pipes, each by a goroutine of its own that waits in
// the network poller and needs no thread.
func pipesInThePoller(end time.Time) {
	var writers []*os.File
	var readers sync.WaitGroup
	for range 200 {
		in, out, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		writers = append(writers, out)
		readers.Go(func() {
			defer in.Close()
			var number uint64
			for binary.Read(in, binary.LittleEndian, &number) == nil {
				program.SpinFor(time.Duration(number))
			}
		})
	}
	for time.Now().Before(end) {
		binary.Write(writers[rand.IntN(len(writers))], binary.LittleEndian, uint64(20*time.Microsecond))
		time.Sleep(2 * time.Millisecond)
	}
	for _, out := range writers {
		out.Close()
	}
	readers.Wait()
}
