package main

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"index/suffixarray"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"patients/program"
)

// These were written by somebody who had read no detector, so that nobody's
// idea of an illness is in them but the runtime's.
var strangersIll = []program.Program{
	{Name: "reindex_beside_queries", Kind: "P starvation", Also: []string{"timer delay"}, Run: reindexBesideQueries},
	{Name: "fifos_of_tenants", Kind: "thread explosion", Run: fifosOfTenants},
	{Name: "descriptors_in_the_log", Kind: "thread explosion", Run: descriptorsInTheLog},
	{Name: "sum_by_fscan", Kind: "syscall storm", Run: sumByFscan},
	{Name: "datagram_for_each_count", Kind: "syscall storm", Run: datagramForEachCount},
	{Name: "one_connection", Kind: "lock convoy", Run: oneConnection},
	{Name: "readers_behind_a_writer", Kind: "lock convoy", Run: readersBehindAWriter},
	{Name: "merge_of_streams", Kind: "channel ping-pong", Also: []string{"too many spinning Ms"}, Run: mergeOfStreams},
	{Name: "thrifty_gogc", Kind: "GC assist pressure", Run: thriftyGOGC},
	{Name: "limit_below_the_cache", Kind: "GC assist pressure", Run: limitBelowTheCache},
	{Name: "lines_for_a_logger", Kind: "too many spinning Ms", Also: []string{"channel ping-pong"}, Run: linesForALogger},
	{Name: "forked_steps", Kind: "too many spinning Ms", Run: forkedSteps},
	{Name: "quota_and_collector", Kind: "CPU quota throttling", Procs: 4, QuotaCPUs: 0.5, Also: []string{"GC assist pressure"}, Run: quotaAndCollector},
	{Name: "seal_in_one_call", Kind: "unpreemptible loop", Also: []string{"P starvation"}, Run: sealInOneCall},
	{Name: "blur_without_signals", Kind: "unpreemptible loop", AsyncPreemptOff: true, Also: []string{"P starvation"}, Run: blurWithoutSignals},
	{Name: "sequencer_beside_synthesis", Kind: "timer delay", Also: []string{"P starvation"}, Run: sequencerBesideSynthesis},
	{Name: "read_deadlines_beside_sorts", Kind: "timer delay", Also: []string{"P starvation"}, Run: readDeadlinesBesideSorts},
	{Name: "pool_of_each_request", Kind: "sync.Pool misuse", Also: []string{"GC assist pressure"}, Run: poolOfEachRequest},
	{Name: "pool_gets_less_back", Kind: "sync.Pool misuse", Also: []string{"GC assist pressure"}, Run: poolGetsLessBack},
}

// prose makes a text of words that come at random.
func prose(size int) []byte {
	words := strings.Fields("a goroutine waits for the lock that another one of this process has had since the day began")
	random := rand.New(rand.NewPCG(1, 2))
	var text bytes.Buffer
	for text.Len() < size {
		text.WriteString(words[random.IntN(len(words))])
		text.WriteByte(' ')
	}
	return text.Bytes()
}

// reindexBesideQueries: a query needs microseconds, and while all shards are
// indexed anew it waits for a P behind every one of them.
func reindexBesideQueries(end time.Time) {
	shard := prose(512 << 10)
	index := suffixarray.New(shard[:64<<10])
	program.Together(12, func(i int) {
		for time.Now().Before(end) {
			if i < 8 {
				suffixarray.New(shard) // ill: reindex_beside_queries
				continue
			}
			index.Lookup([]byte("another lock"), 10)
			time.Sleep(3 * time.Millisecond)
		}
	})
}

// fifosOfTenants: a shipper of logs opens each tenant's named pipe, and the
// system keeps the thread in open until the tenant opens it as well.
func fifosOfTenants(end time.Time) {
	folder, err := os.MkdirTemp("", "patients")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	program.Together(60, func(tenant int) {
		name := filepath.Join(folder, strconv.Itoa(tenant))
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			panic(err)
		}
		go writeNowAndThen(name)
		for time.Now().Before(end) {
			pipe, err := os.Open(name) // ill: fifos_of_tenants
			if err != nil {
				panic(err)
			}
			io.Copy(io.Discard, pipe)
			pipe.Close()
		}
	})
}

func writeNowAndThen(name string) {
	for range time.Tick(150 * time.Millisecond) {
		pipe, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			continue // nobody reads it now
		}
		io.WriteString(pipe, "a line of a log\n")
		pipe.Close()
	}
}

// descriptorsInTheLog: each reader notes the number of its descriptor. Who
// asks for it by Fd makes the file a blocking one, and each Read needs a
// thread.
func descriptorsInTheLog(end time.Time) {
	var notes bytes.Buffer
	var writers []*os.File
	var readers sync.WaitGroup
	for range 50 {
		in, out, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		fmt.Fprintln(&notes, "reading from descriptor", in.Fd()) // ill: descriptors_in_the_log
		writers = append(writers, out)
		readers.Go(func() {
			defer in.Close()
			message := make([]byte, 64)
			for {
				if _, err := in.Read(message); err != nil { // ill: descriptors_in_the_log
					return
				}
			}
		})
	}
	for time.Now().Before(end) {
		writers[rand.IntN(len(writers))].WriteString("a message")
		time.Sleep(2 * time.Millisecond)
	}
	for _, out := range writers {
		out.Close()
	}
	readers.Wait()
}

// sumByFscan: fmt.Fscan must not read too much, and from a file without
// a buffer it reads byte by byte.
func sumByFscan(end time.Time) {
	name, remove := scratchFile([]byte(strings.Repeat("17 4711 20 ", 1000)))
	defer remove()
	for time.Now().Before(end) {
		file, err := os.Open(name)
		if err != nil {
			panic(err)
		}
		var number, sum int
		for err == nil {
			_, err = fmt.Fscan(file, &number) // ill: sum_by_fscan
			sum += number
		}
		file.Close()
	}
}

// datagramForEachCount: a client of a statistics server sends each increment
// by itself.
func datagramForEachCount(end time.Time) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer server.Close()
	conn, err := net.Dial("udp", server.LocalAddr().String())
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	for time.Now().Before(end) {
		program.SpinFor(time.Microsecond)
		conn.Write([]byte("requests:1|c")) // ill: datagram_for_each_count
	}
}

type store struct {
	mutex sync.Mutex
	conn  net.Conn
}

// ask has the lock for a question and its answer, while no CPU does anything.
func (s *store) ask(question []byte) {
	s.mutex.Lock() // ill: one_connection
	defer s.mutex.Unlock()
	s.conn.Write(question)
	io.ReadFull(s.conn, make([]byte, len(question)))
}

// oneConnection: everybody's questions go over one connection, one at a time.
func oneConnection(end time.Time) {
	ours, theirs := net.Pipe()
	go func() {
		question := make([]byte, 8)
		for {
			if _, err := io.ReadFull(theirs, question); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
			theirs.Write(question)
		}
	}()
	shared := store{conn: ours}
	defer ours.Close()
	program.Together(12, func(int) {
		for time.Now().Before(end) {
			shared.ask([]byte("price 17"))
			program.SpinFor(50 * time.Microsecond)
		}
	})
}

// readersBehindAWriter: an export reads for long. A writer waits for it, and
// whoever would read for a moment waits behind the writer.
func readersBehindAWriter(end time.Time) {
	var lock sync.RWMutex
	prices := map[int]int{}
	program.Together(12, func(i int) {
		for n := 0; time.Now().Before(end); n++ {
			switch i {
			case 0:
				lock.RLock() // ill: readers_behind_a_writer
				program.SpinFor(8 * time.Millisecond)
				lock.RUnlock()
			case 1:
				lock.Lock() // ill: readers_behind_a_writer
				prices[n%100] = n
				lock.Unlock()
				time.Sleep(time.Millisecond)
			default:
				lock.RLock() // ill: readers_behind_a_writer
				_ = prices[n%100]
				lock.RUnlock()
				time.Sleep(time.Millisecond)
			}
		}
	})
}

// mergeOfStreams: sorted streams are merged two by two, and each number goes
// by itself through every channel on its way.
func mergeOfStreams(end time.Time) {
	var streams []<-chan int
	for i := range 4 {
		stream := make(chan int)
		go func() {
			defer close(stream)
			for n := i; time.Now().Before(end); n += 4 {
				stream <- n // ill: merge_of_streams
			}
		}()
		streams = append(streams, stream)
	}
	for n := range merge(merge(streams[0], streams[1]), merge(streams[2], streams[3])) { // ill: merge_of_streams
		loops.Store(uint64(n))
	}
}

func merge(left, right <-chan int) <-chan int {
	both := make(chan int)
	go func() {
		defer close(both)
		a, more := <-left    // ill: merge_of_streams
		b, others := <-right // ill: merge_of_streams
		for more || others {
			if !others || more && a < b {
				both <- a        // ill: merge_of_streams
				a, more = <-left // ill: merge_of_streams
			} else {
				both <- b           // ill: merge_of_streams
				b, others = <-right // ill: merge_of_streams
			}
		}
	}()
	return both
}

type order struct {
	id    *int
	lines []*int
	next  *order
}

// orders makes a list that the collector has to follow link by link.
func orders(number int) *order {
	var first *order
	for n := range number {
		first = &order{id: &n, lines: []*int{&n}, next: first} // ill: thrifty_gogc // ill: limit_below_the_cache
	}
	return first
}

// thriftyGOGC: somebody wanted to save memory. Between two collections there
// is little room, so who allocates has to mark for it.
func thriftyGOGC(end time.Time) {
	debug.SetGCPercent(10) // ill: thrifty_gogc
	program.Together(4, func(int) {
		book := make([]*order, 75)
		for time.Now().Before(end) {
			book[rand.IntN(len(book))] = orders(1000)
		}
		runtime.KeepAlive(book)
	})
}

// limitBelowTheCache: the limit of memory is that of the container, and the
// cache has outgrown it. The collector never stops, and who allocates helps.
func limitBelowTheCache(end time.Time) {
	cache := make([]*order, 300)
	for i := range cache {
		cache[i] = orders(1000)
	}
	debug.SetMemoryLimit(16 << 20) // ill: limit_below_the_cache
	program.Together(4, func(int) {
		for time.Now().Before(end) {
			orders(100)
			program.SpinFor(20 * time.Microsecond)
		}
	})
	runtime.KeepAlive(cache)
}

// linesForALogger: a goroutine writes the log so that nobody else has to wait
// for it. It has written each line before the next one comes, and is woken for
// every one of them, on a P that looks for more work in vain.
func linesForALogger(end time.Time) {
	lines := make(chan string, 64)
	var logger sync.WaitGroup
	logger.Go(func() {
		out := bufio.NewWriter(io.Discard)
		for line := range lines { // ill: lines_for_a_logger
			out.WriteString(line)
		}
		out.Flush()
	})
	for time.Now().Before(end) {
		program.SpinFor(20 * time.Microsecond)
		lines <- "did a small part of the work" // ill: lines_for_a_logger
	}
	close(lines)
	logger.Wait()
}

// forkedSteps: a simulation gives a part of each of its steps to a goroutine
// of its own, and the part is too small for that. The P that wakes up for it
// finds it done, looks for other work, and there is none.
func forkedSteps(end time.Time) {
	for time.Now().Before(end) {
		program.SpinFor(20 * time.Microsecond)
		var part sync.WaitGroup
		part.Go(func() { program.SpinFor(500 * time.Nanosecond) }) // ill: forked_steps
		program.SpinFor(500 * time.Nanosecond)
		part.Wait() // ill: forked_steps
	}
}

// quotaAndCollector: requests keep one P busy for a third of the time, and the
// quota is half a CPU. The collector works on the other Ps, and uses it up.
func quotaAndCollector(end time.Time) {
	kept := make([]*order, 500)
	for i := range kept {
		kept[i] = orders(1000)
	}
	for time.Now().Before(end) {
		for start := time.Now(); time.Since(start) < 3*time.Millisecond; {
			kept[rand.IntN(len(kept))] = orders(1000)
		}
		time.Sleep(6 * time.Millisecond)
	}
	runtime.KeepAlive(kept)
}

// sealInOneCall: a backup is encrypted as a whole, in one call of a function
// that is written in assembly, and nobody can take the P away before its end.
func sealInOneCall(end time.Time) {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		panic(err)
	}
	sealer, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	nonce := make([]byte, sealer.NonceSize())
	seal := func(backup []byte) {
		sealer.Seal(backup[:0], nonce, backup, nil) // ill: seal_in_one_call
	}
	size := sizeFor(60*time.Millisecond, 16<<20, func(size int) { seal(make([]byte, size, size+64)) })
	size = min(size, 192<<20)
	program.Together(3, func(int) {
		backup := make([]byte, size, size+64)
		for time.Now().Before(end) {
			seal(backup)
		}
	})
}

// sizeFor tells how much is done in that time if a part of it is tried.
func sizeFor(length time.Duration, part int, do func(size int)) int {
	fastest := length
	for range 4 {
		start := time.Now()
		do(part)
		fastest = min(fastest, time.Since(start))
	}
	return int(float64(part) * float64(length) / float64(fastest))
}

// blurWithoutSignals: GODEBUG=asyncpreemptoff=1 stayed behind from a search
// for some other fault, and a filter goes over its picture without a call.
func blurWithoutSignals(end time.Time) {
	rounds := sizeFor(80*time.Millisecond, 20, func(rounds int) { blur(newPicture(), rounds) })
	program.Together(4, func(int) {
		picture := newPicture()
		for time.Now().Before(end) {
			blur(picture, rounds) // ill: blur_without_signals
		}
	})
}

const side = 256

func newPicture() []uint16 { return make([]uint16, side*side) }

func blur(picture []uint16, rounds int) {
	for range rounds { // ill: blur_without_signals
		for i := side; i < len(picture)-side; i++ { // ill: blur_without_signals
			picture[i] = (picture[i-side] + picture[i-1] + picture[i+1] + picture[i+side]) / 4 // ill: blur_without_signals
		}
	}
}

// sequencerBesideSynthesis: the next note is due each 5 ms, and more voices
// are computed than there are Ps.
func sequencerBesideSynthesis(end time.Time) {
	var play func()
	play = func() {
		program.SpinFor(20 * time.Microsecond)
		time.AfterFunc(5*time.Millisecond, play) // ill: sequencer_beside_synthesis
	}
	play()
	program.Together(4, func(voice int) {
		sound := make([]float32, 2_000_000)
		for time.Now().Before(end) {
			for i := range sound {
				sound[i] = float32(math.Sin(float64(i*voice) * 0.01))
			}
		}
	})
}

// readDeadlinesBesideSorts: who waits for a server that does not answer gives
// up after 4 ms, or would, if a P were there to see it.
func readDeadlinesBesideSorts(end time.Time) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer server.Close()
	program.Together(8, func(i int) {
		if i < 4 {
			giveUpSoon(server.Addr().String(), end)
			return
		}
		numbers := make([]float64, 200_000)
		for time.Now().Before(end) {
			for i := range numbers {
				numbers[i] = rand.Float64()
			}
			slices.Sort(numbers)
		}
	})
}

func giveUpSoon(address string, end time.Time) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	answer := make([]byte, 16)
	for time.Now().Before(end) {
		conn.SetReadDeadline(time.Now().Add(4 * time.Millisecond)) // ill: read_deadlines_beside_sorts
		_, err := conn.Read(answer)                                // ill: read_deadlines_beside_sorts
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			panic(err)
		}
	}
}

// poolOfEachRequest: the pool is made where it is used, so each one is new
// and empty.
func poolOfEachRequest(end time.Time) {
	program.Together(2, func(int) {
		for time.Now().Before(end) {
			answerFromPool()
		}
	})
}

func answerFromPool() int {
	pool := sync.Pool{New: func() any { return new([8 << 10]byte) }} // ill: pool_of_each_request
	page := pool.Get().(*[8 << 10]byte)                              // ill: pool_of_each_request
	defer pool.Put(page)                                             // ill: pool_of_each_request
	return copy(page[:], "<html>a page</html>")
}

var packets = sync.Pool{New: func() any { return new([]byte) }}

// poolGetsLessBack: what is put back is the end of the buffer that was read
// from its front, so the next one has to allocate anew.
func poolGetsLessBack(end time.Time) {
	program.Together(2, func(int) {
		for time.Now().Before(end) {
			packet := packets.Get().(*[]byte)
			*packet = append(*packet, make([]byte, 4<<10)...) // ill: pool_gets_less_back
			for len(*packet) > 0 {
				*packet = (*packet)[1<<10:] // ill: pool_gets_less_back
			}
			packets.Put(packet) // ill: pool_gets_less_back
		}
	})
}
