package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/exp/trace"
)

// A generation is what a trace has of the part that is being read: its
// names, and whether all is there that the trace reader asks for.
type generation struct {
	open    bool
	number  uint64
	time    uint64
	size    int
	sync    []byte
	strings [][]byte
	stacks  [][]byte
	// namesLast: the batch that came last has texts, as at the end of every
	// generation (traceAdvance in runtime/trace.go).
	namesLast bool
	// frequency is that of the generations until now, if it is known.
	frequency uint64
	known     bool
}

// All systems but those whose clock is too coarse for it count in 64 ns
// (traceTimeDiv in runtime/tracetime.go).
const usualFrequency = 1e9 / 64

// No program has more different stacks, or texts, in a generation.
const (
	mostStacks = 1 << 18
	mostTexts  = 1 << 16
)

func (g *generation) begin(number uint64) {
	if g.frequency == 0 {
		g.frequency = usualFrequency
	}
	*g = generation{open: true, number: number, frequency: g.frequency, known: g.known}
}

// note is true of a batch of events that happened in time.
func (g *generation) note(head batchHead) (timed bool, err error) {
	g.time = max(g.time, head.time)
	g.namesLast = false
	if head.kind != evEventBatch || len(head.events) == 0 {
		return false, nil
	}
	switch head.events[0] {
	case evStrings:
		g.strings = append(g.strings, bytes.Clone(head.events))
		g.namesLast = true
	case evStacks:
		g.stacks = append(g.stacks, bytes.Clone(head.events))
	case evSync:
		g.sync = bytes.Clone(head.events)
		return false, g.noteFrequency(head.events[1:])
	case evFrequency:
		g.sync = bytes.Clone(head.events)
		return false, g.noteFrequency(head.events)
	case evCPUSamples:
	default:
		g.size += len(head.events)
		return true, nil
	}
	return false, nil
}

func (g *generation) nanoseconds(time uint64) trace.Time {
	return trace.Time(float64(time) * 1e9 / float64(g.frequency))
}

// noteFrequency refuses a clock that ticks otherwise than before: all times
// would be wrong, and the trace reader would not notice.
func (g *generation) noteFrequency(events []byte) error {
	if len(events) < 2 || events[0] != evFrequency {
		return nil
	}
	frequency, n := binary.Uvarint(events[1:])
	if n <= 0 || frequency == 0 {
		return nil
	}
	if g.known && frequency != g.frequency {
		return fmt.Errorf("the clock changes from %d to %d ticks a second", g.frequency, frequency)
	}
	g.known, g.frequency = true, frequency
	return nil
}

// complete is true for a generation of which nothing is missing, as far as
// can be seen: before Go 1.26 nothing marks its end.
func (g *generation) complete(release int) bool {
	if release >= 26 || g.sync == nil || !g.namesLast {
		return false
	}
	texts := g.texts()
	_, named := g.frames()
	for id := range named {
		if _, known := texts[id]; !known && id != 0 {
			return false
		}
	}
	return true
}

// mend makes the batches that are missing at the generation's end. Stacks
// and texts that did not come get no frames and no letters: the numbers by
// which events call them count up from 1.
func (g *generation) mend(release int) []byte {
	var out []byte
	if g.sync == nil {
		out = g.appendBatch(out, g.madeSync(release))
	}
	texts := g.texts()
	stacks, named := g.frames()
	for id := range named {
		if _, known := texts[id]; !known && id > mostTexts {
			out = g.appendBatch(out, binary.AppendUvarint([]byte{evStrings, evString}, id), []byte{0})
			texts[id] = struct{}{}
		}
	}
	out = g.appendMissing(out, evStrings, evString, texts, mostTexts)
	out = g.appendMissing(out, evStacks, evStack, stacks, min(g.size/4, mostStacks))
	if release >= 26 {
		out = append(out, evEndOfGeneration)
	}
	return out
}

func (g *generation) madeSync(release int) []byte {
	frequency := binary.AppendUvarint([]byte{evFrequency}, g.frequency)
	if release < 25 {
		return frequency
	}
	// A snapshot of the clocks, of which no event takes anything.
	return append(append([]byte{evSync}, frequency...), evClockSnapshot, 0, 0, 0, 0)
}

func (g *generation) appendMissing(
	out []byte, section, entry byte, known map[uint64]struct{}, most int,
) []byte {
	events := []byte{section}
	for id := uint64(1); id <= uint64(most); id++ {
		if _, there := known[id]; there {
			continue
		}
		events = append(binary.AppendUvarint(append(events, entry), id), 0)
		if len(events) > maxBatchSize-2*binary.MaxVarintLen64 {
			out, events = g.appendBatch(out, events), []byte{section}
		}
	}
	return g.appendBatch(out, events)
}

func (g *generation) appendBatch(out []byte, parts ...[]byte) []byte {
	return appendBatch(out, batchHead{gen: g.number, time: g.time, events: slices.Concat(parts...)})
}

func appendBatch(out []byte, head batchHead) []byte {
	out = append(out, evEventBatch)
	for _, field := range []uint64{head.gen, head.thread, head.time, uint64(len(head.events))} {
		out = binary.AppendUvarint(out, field)
	}
	return append(out, head.events...)
}

// fieldsOf has how many numbers follow on an event's kind (internal/trace/
// tracev2): 9 to 48 are what happens in time, from EvProcsChange on.
var fieldsOf = [...]int8{
	evCPUSample: 5, evFrequency: 1,
	3, 3, 1, 4, 3, 4, 2, 3, 1, 1, 3, 3, 4, 3, 1, 1, 4, 3, 1, 2,
	3, 2, 2, 2, 3, 2, 2, 1, 2, 2, 2, 5, 3, 4, 4, 5, 3, 3, 4, 5,
	evClockSnapshot: 4,
}

// wholeEvents is how many of the bytes are whole events, entries of a table,
// or samples. What stands before such a table, or a clock, counts with it.
func wholeEvents(events []byte) int {
	rest := events
	if len(rest) > 0 && slices.Contains([]byte{evStacks, evStrings, evCPUSamples, evSync}, rest[0]) {
		rest = rest[1:]
	}
	for len(rest) > 0 {
		after, ok := skipEvent(rest[0], rest[1:])
		if !ok {
			break
		}
		rest = after
	}
	return len(events) - len(rest)
}

func skipEvent(kind byte, rest []byte) ([]byte, bool) {
	switch {
	case kind == evString:
		fields, after, ok := numbers(rest, 2)
		if !ok || fields[1] > uint64(len(after)) {
			return nil, false
		}
		return after[fields[1]:], true
	case kind == evStack:
		fields, after, ok := numbers(rest, 2)
		for range fields[1] {
			if _, after, ok = numbers(after, 4); !ok {
				break
			}
		}
		return after, ok
	case int(kind) >= len(fieldsOf) || fieldsOf[kind] == 0:
		return nil, false
	}
	_, after, ok := numbers(rest, int(fieldsOf[kind]))
	return after, ok
}

// texts has the numbers of the texts that came.
func (g *generation) texts() map[uint64]struct{} {
	known := map[uint64]struct{}{}
	for _, batch := range g.strings {
		for rest := batch[1:]; len(rest) > 0; {
			fields, after, ok := numbers(rest[1:], 2)
			if !ok || fields[1] > uint64(len(after)) {
				break
			}
			known[fields[0]], rest = struct{}{}, after[fields[1]:]
		}
	}
	return known
}

// frames has the numbers of the stacks that came, and of the texts that
// their frames are called by.
func (g *generation) frames() (stacks, named map[uint64]struct{}) {
	stacks, named = map[uint64]struct{}{}, map[uint64]struct{}{}
	for _, batch := range g.stacks {
		for rest := batch[1:]; len(rest) > 0; {
			fields, after, ok := numbers(rest[1:], 2)
			if !ok {
				break
			}
			id := fields[0]
			for range min(fields[1], uint64(len(after))) {
				if fields, after, ok = numbers(after, 4); !ok {
					return stacks, named
				}
				named[fields[1]], named[fields[2]] = struct{}{}, struct{}{}
			}
			stacks[id], rest = struct{}{}, after
		}
	}
	return stacks, named
}

func numbers(from []byte, count int) (values [5]uint64, rest []byte, ok bool) {
	for i := range count {
		value, n := binary.Uvarint(from)
		if n <= 0 {
			return values, nil, false
		}
		values[i], from = value, from[n:]
	}
	return values, from, true
}
