package main

import (
	"golang.org/x/exp/trace"
)

// Lanes: whose life a span is part of.
const (
	laneGoroutine uint8 = iota
	laneProc
)

// States. The numbers are the ones that schedlab.timeline knows.
const (
	stateUnknown uint8 = iota
	stateRunnable
	stateRunning
	stateWaiting
	stateSyscall
	stateIdle
)

// Flags: the span reaches over the beginning or the end of the trace.
const (
	openStart uint8 = 1 << iota
	openEnd
)

const nobody = -1

// spanTable holds goroutine and P spans.
//
//   - id: index into the goroutines table, or the P's number
//   - p, m: where it ran; m is an index into the threads table
//   - stack: the goroutine's own stack when the span began
//   - end: the goroutine's own stack when a running span or system call ended;
//     for a waiting or runnable span, the stack of whoever ended or caused it
//   - cause: the goroutine that made it runnable or created it
type spanTable struct {
	table
	lane, state, flags *column[uint8]
	reason             *column[uint16]
	id, m, cause       *column[int32]
	p                  *column[int16]
	start, dur         *column[int64]
	stack, end         *column[uint32]
}

func newSpanTable(folder string) *spanTable {
	t := &spanTable{table: table{folder: folder, name: "spans"}}
	t.lane = newColumn[uint8](&t.table, "lane")
	t.state = newColumn[uint8](&t.table, "state")
	t.flags = newColumn[uint8](&t.table, "flags")
	t.reason = newColumn[uint16](&t.table, "reason")
	t.id = newColumn[int32](&t.table, "id")
	t.m = newColumn[int32](&t.table, "m")
	t.cause = newColumn[int32](&t.table, "cause")
	t.p = newColumn[int16](&t.table, "p")
	t.start = newColumn[int64](&t.table, "start")
	t.dur = newColumn[int64](&t.table, "dur")
	t.stack = newColumn[uint32](&t.table, "stack")
	t.end = newColumn[uint32](&t.table, "end")
	return t
}

// An open span waits for its end.
type open struct {
	state, flags uint8
	reason       uint16
	p            int16
	m, cause     int32
	start        int64
	stack, end   uint32
	live         bool
}

func (t *spanTable) close(lane uint8, id int32, s *open, until int64, flags uint8) {
	t.rows++
	t.lane.add(lane)
	t.state.add(s.state)
	t.flags.add(s.flags | flags)
	t.reason.add(s.reason)
	t.id.add(id)
	t.m.add(s.m)
	t.cause.add(s.cause)
	t.p.add(s.p)
	t.start.add(s.start)
	t.dur.add(until - s.start)
	t.stack.add(s.stack)
	t.end.add(s.end)
}

func goState(s trace.GoState) uint8 {
	switch s {
	case trace.GoRunnable:
		return stateRunnable
	case trace.GoRunning:
		return stateRunning
	case trace.GoWaiting:
		return stateWaiting
	case trace.GoSyscall:
		return stateSyscall
	}
	return stateUnknown
}
