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

// Flags: the span reaches over the beginning or the end of the trace; the
// goroutine came back from its system call with the P that it had.
const (
	openStart uint8 = 1 << iota
	openEnd
	keptP
)

const nobody = -1

// spanTable holds goroutine and P spans.
//
//   - id: index into the goroutines table, or the P's number
//   - p, m: where it ran, or where it was made runnable; m is an index into
//     the threads table
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
	row := t.row()
	t.lane.set(row, lane)
	t.state.set(row, s.state)
	t.flags.set(row, s.flags|flags)
	t.reason.set(row, s.reason)
	t.id.set(row, id)
	t.m.set(row, s.m)
	t.cause.set(row, s.cause)
	t.p.set(row, s.p)
	t.start.set(row, s.start)
	t.dur.set(row, until-s.start)
	t.stack.set(row, s.stack)
	t.end.set(row, s.end)
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
