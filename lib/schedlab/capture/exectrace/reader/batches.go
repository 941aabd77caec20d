package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/exp/trace"
)

// Numbers of the trace's format since Go 1.22 (internal/trace/tracev2).
const (
	evEventBatch        = 1
	evStacks            = 2
	evStack             = 3
	evStrings           = 4
	evString            = 5
	evCPUSamples        = 6
	evCPUSample         = 7
	evFrequency         = 8
	evExperimentalBatch = 49
	evSync              = 50
	evClockSnapshot     = 51
	evEndOfGeneration   = 52

	maxBatchSize = 64 << 10
	headerSize   = 16
)

// batches hands a trace on to the trace reader in whole batches, as it comes
// in, and keeps account of where in it generations begin. The trace reader
// gives nothing of a generation that is cut off: its names come last. So
// what is there of the last one is mended when the trace ends too early, or
// goes on with what is no batch.
//
// A trace of Go before 1.22 has no batches and is handed on as it is.
type batches struct {
	in      *bufio.Reader
	header  []byte
	release int
	// taken counts the bytes that came in.
	taken int64
	// ready is what the next Read gives.
	ready []byte
	batch []byte
	// starts has the place at which each generation begins.
	starts []int64
	placed []placedBatch
	gen    generation
	// first: the batch in hand is the first of its generation.
	first bool
	// defect says why it ends before the end of the trace, and cut where.
	defect string
	cut    int64
	ended  error
	// mended says what had to be made up for the last generation.
	mended string
}

func newBatches(r io.Reader) *batches {
	b := &batches{in: bufio.NewReaderSize(r, 1<<20), header: make([]byte, headerSize)}
	n, err := io.ReadFull(b.in, b.header)
	b.header, b.taken = b.header[:n], int64(n)
	if err == nil {
		// What is no header has release 0; the trace reader refuses it.
		_, _ = fmt.Sscanf(string(b.header), "go 1.%d trace\x00\x00\x00", &b.release)
	}
	b.ready = b.header
	return b
}

func (b *batches) Read(p []byte) (int, error) {
	for len(b.ready) == 0 {
		if b.ended != nil {
			return 0, b.ended
		}
		b.next()
	}
	n := copy(p, b.ready)
	b.ready = b.ready[n:]
	return n, nil
}

func (b *batches) next() {
	if b.release < 22 {
		b.plain()
		return
	}
	start := b.taken
	head, err := b.readBatch()
	if err == nil {
		err = b.enter(head, start)
	}
	if err == nil {
		b.ready = b.batch
		return
	}
	whole := 0
	if errors.Is(err, errCut) {
		whole = b.save(head, start)
	}
	b.end(err, start+int64(whole))
}

// save takes the whole events of a batch that is cut off, and returns how
// many bytes of it those are with what stands before them.
func (b *batches) save(head batchHead, start int64) int {
	before := len(b.batch) - len(head.events)
	head.events = head.events[:wholeEvents(head.events)]
	if head.kind != evEventBatch || len(head.events) == 0 || b.enter(head, start) != nil {
		return 0
	}
	b.ready = appendBatch(nil, head)
	return before + len(head.events)
}

// end notes why the trace ends, and mends what lacks its end.
func (b *batches) end(why error, cut int64) {
	b.ended, b.cut, b.first = io.EOF, cut, false
	broken := b.gen.open && !b.gen.complete(b.release)
	switch {
	case !errors.Is(why, io.EOF):
		b.defect = why.Error()
	case len(b.starts) == 0:
		b.defect = "the trace ends behind its header"
	case broken:
		b.defect = "the trace ends in the middle of a generation"
	}
	if broken {
		b.mended = "the names in that generation, which come last, are missing"
		if len(b.gen.stacks) > 0 {
			b.mended = "some names in that generation may be missing"
		}
		b.ready = append(b.ready, b.gen.mend(b.release)...)
	}
}

func (b *batches) plain() {
	b.batch = append(b.batch[:0], make([]byte, maxBatchSize)...)
	n, err := b.in.Read(b.batch)
	b.ready, b.taken, b.ended = b.batch[:n], b.taken+int64(n), err
}

// A placedBatch is what is remembered of a batch of events: whose it is, in
// which generation counted from 0, when it begins, how long it is.
type placedBatch struct {
	generation int
	thread     uint64
	time       trace.Time
	size       int64
}

// A batchHead is what stands before a batch's events.
type batchHead struct {
	kind   byte
	gen    uint64
	thread uint64
	time   uint64
	events []byte
}

var errCut = errors.New("the trace ends in the middle of a batch")

// readBatch takes the next batch whole into b.batch. Its error is io.EOF if
// the trace ends here.
func (b *batches) readBatch() (batchHead, error) {
	b.batch = b.batch[:0]
	kind, err := b.in.ReadByte()
	if err != nil {
		return batchHead{}, err
	}
	b.taken++
	b.batch = append(b.batch, kind)
	head := batchHead{kind: kind}
	switch {
	case kind == evEndOfGeneration && b.release >= 26:
		return head, nil
	case kind == evExperimentalBatch && b.release >= 23:
		if _, err := b.number(); err != nil {
			return head, err
		}
	case kind != evEventBatch:
		return head, fmt.Errorf("there is no batch where one should begin, at byte %d", b.taken-1)
	}
	var size uint64
	for _, field := range []*uint64{&head.gen, &head.thread, &head.time, &size} {
		if *field, err = b.number(); err != nil {
			return head, err
		}
	}
	if size > maxBatchSize {
		return head, fmt.Errorf("a batch claims to have %d bytes, at byte %d", size, b.taken)
	}
	before := len(b.batch)
	b.batch = append(b.batch, make([]byte, size)...)
	head.events = b.batch[before:]
	n, err := io.ReadFull(b.in, head.events)
	b.taken += int64(n)
	if err != nil {
		b.batch, head.events = b.batch[:before+n], head.events[:n]
		return head, errCut
	}
	return head, nil
}

func (b *batches) number() (uint64, error) {
	before := len(b.batch)
	for len(b.batch)-before < binary.MaxVarintLen64 {
		next, err := b.in.ReadByte()
		if err != nil {
			return 0, errCut
		}
		b.taken++
		b.batch = append(b.batch, next)
		if next < 0x80 {
			value, n := binary.Uvarint(b.batch[before:])
			if n <= 0 {
				break
			}
			return value, nil
		}
	}
	return 0, fmt.Errorf("a number of a batch is too long, at byte %d", b.taken)
}

// enter notes a batch in its generation.
func (b *batches) enter(head batchHead, start int64) error {
	b.first = false
	if head.kind == evEndOfGeneration {
		b.gen.open = false
		return nil
	}
	if head.gen == 0 {
		return fmt.Errorf("a batch is of generation 0, at byte %d", start)
	}
	if b.gen.open && head.gen != b.gen.number {
		if b.release >= 26 || head.gen != b.gen.number+1 {
			return fmt.Errorf("generation %d follows on %d, at byte %d", head.gen, b.gen.number, start)
		}
		b.gen.open = false
	}
	if !b.gen.open {
		b.gen.begin(head.gen)
		b.starts, b.first = append(b.starts, start), true
	}
	timed, err := b.gen.note(head)
	if timed {
		b.placed = append(b.placed, placedBatch{
			len(b.starts) - 1, head.thread, b.gen.nanoseconds(head.time), int64(len(head.events)),
		})
	}
	return err
}

// restart goes to the first generation behind the given one that no trace
// reader has begun to read, for a new one, and returns its number. All are
// counted from 0; it is the number of all if there is none.
func (b *batches) restart(generation int) int {
	for {
		last := len(b.starts) - 1
		if b.ended != nil {
			return len(b.starts)
		}
		if last > generation && b.first {
			// A trace reader of Go before 1.26 was given this batch already:
			// it tells it that the last generation is over.
			b.ready = append(append([]byte(nil), b.header...), b.batch...)
			return last
		}
		b.next()
	}
}

// drain counts what is left of the input.
func (b *batches) drain() {
	n, _ := io.Copy(io.Discard, b.in)
	b.taken += n
}
