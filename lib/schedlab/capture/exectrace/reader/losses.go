package main

import (
	"fmt"

	"golang.org/x/exp/trace"
)

// losses adds up what could not be read of a trace.
type losses struct {
	why    string
	places int
	// unread has the numbers of generations that could not be read to their
	// end, counted from 0, and the time until which each was.
	unread map[int]trace.Time
}

// note takes down that reading failed in one generation at a time, and that
// it goes on with another.
func (l *losses) note(why error, generation, next int, until trace.Time) {
	if l.places++; l.places == 1 {
		l.why = firstLine(why.Error())
		l.unread = map[int]trace.Time{}
	}
	for ; generation < next; generation++ {
		l.unread[generation], until = until, 0
	}
}

// bytes is how many bytes at most are in no column: all of a batch counts if
// not all of it was surely read. It was if a later one of its thread had
// begun.
func (l *losses) bytes(in *batches) int64 {
	if l.places > 0 && len(in.starts) == 0 {
		return in.taken
	}
	lost := int64(0)
	if in.defect != "" {
		lost = in.taken - in.cut
	}
	type owner struct {
		generation int
		thread     uint64
	}
	open := map[owner]placedBatch{}
	for _, b := range in.placed {
		until, failed := l.unread[b.generation]
		if !failed {
			continue
		}
		key := owner{b.generation, b.thread}
		if b.time > until {
			lost += b.size
			continue
		}
		// Its predecessor was read.
		open[key] = b
	}
	for _, b := range open {
		lost += b.size
	}
	return lost
}

func (l *losses) text(in *batches) string {
	why, places := l.why, l.places
	last := len(in.starts) - 1
	if in.defect != "" {
		// What the trace reader says of the mended end is a consequence.
		if _, failed := l.unread[last]; failed {
			places--
		}
		if places == 0 {
			why = in.defect
		}
		places++
	}
	if places == 0 {
		return ""
	}
	if places > 1 {
		why += fmt.Sprintf(", the first of %d places", places)
	}
	bytes, least := l.bytes(in), ""
	if l.places > 0 {
		least = "up to "
	}
	text := fmt.Sprintf("%s; %s%d of %d bytes (%.1f %%) were not read",
		why, least, bytes, in.taken, 100*float64(bytes)/float64(max(in.taken, 1)))
	if in.mended != "" {
		text += "; " + in.mended
	}
	return text
}
