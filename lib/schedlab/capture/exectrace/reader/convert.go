package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/exp/trace"
)

// A converter turns events into the columns of a timeline, one generation at
// a time: what it keeps grows with goroutines and stacks, not with events.
type converter struct {
	in         *interned
	spans      *spanTable
	marks      *markTable
	counters   *counterTable
	samples    *sampleTable
	goroutines *goroutineTable
	live       map[trace.GoID]*goroutine
	recent     [recentGoroutines]recent
	free       []*goroutine
	threads    map[trace.ThreadID]int32
	threadIDs  []int64
	lastThread trace.ThreadID
	lastIndex  int32
	procs      []*open
	begun      map[markKey][]mark
	marksBegun int64
	reasons    map[string]uint16
	reasonList []string
	lastReason [8]reason
	events     int64
	syncs      int
	synced     bool
	first      trace.Time
	last       trace.Time
	// now is the time of the event in hand in ns since the first.
	now     int64
	started bool
	// origin is when the part that is being read began: 0, and later only
	// behind a generation that could not be read.
	origin   int64
	restarts bool
}

// The Ps of a program are as many as its GOMAXPROCS, which is far less.
const mostProcs = 1 << 13

// A generation takes a second (traceAdvancePeriod in runtime/trace.go) and
// begins with events of its own. A longer silence is a damaged time.
const longestSilence = trace.Time(10 * time.Minute)

// The threads that still write to one generation when the next begins are
// soon done with it.
const longestOverlap = trace.Time(10 * time.Second)

const recentGoroutines = 1 << 10

type recent struct {
	id trace.GoID
	g  *goroutine
}

type reason struct {
	text   string
	number uint16
}

// A batch of events goes from the goroutine that reads to the one that
// converts: two processors do both at once.
type eventBatch struct {
	events []trace.Event
	err    error
}

const (
	batchEvents = 1024
	batchesHeld = 16
)

// convert reads events to the end of the trace or to what cannot be read,
// and returns what stopped it. Nothing reads from r when it returns.
func (c *converter) convert(r *trace.Reader) error {
	filled, empty := make(chan eventBatch, batchesHeld), make(chan []trace.Event, batchesHeld)
	for range batchesHeld {
		empty <- make([]trace.Event, 0, batchEvents)
	}
	go readAhead(r, filled, empty)
	var failed error
	for b := range filled {
		if failed == nil {
			failed = c.batch(b.events)
		}
		if failed == nil {
			failed = b.err
		}
		if failed != nil {
			// The one who reads ends when it finds no batch to fill.
			if empty != nil {
				close(empty)
				empty = nil
			}
			continue
		}
		empty <- b.events[:0]
	}
	return failed
}

// readAhead fills batches until the trace ends or nobody wants any. A panic
// of the trace reader, which damaged input can cause, ends it like an error.
func readAhead(r *trace.Reader, filled chan<- eventBatch, empty <-chan []trace.Event) {
	defer close(filled)
	for events := range empty {
		events, err := fill(r, events)
		if errors.Is(err, io.EOF) {
			filled <- eventBatch{events, nil}
			return
		}
		filled <- eventBatch{events, err}
		if err != nil {
			return
		}
	}
}

func fill(r *trace.Reader, events []trace.Event) (filled []trace.Event, err error) {
	filled = events
	defer func() {
		if reason := recover(); reason != nil {
			err = gaveUp(reason)
		}
	}()
	for len(filled) < cap(filled) {
		event, err := r.ReadEvent()
		if err != nil {
			return filled, err
		}
		filled = append(filled, event)
	}
	return filled, nil
}

func gaveUp(reason any) error { return fmt.Errorf("the trace reader gave up: %v", reason) }

func (c *converter) batch(events []trace.Event) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = gaveUp(reason)
		}
	}()
	for i := range events {
		e := &events[i]
		if err := c.clock(e); err != nil {
			return err
		}
		if err := c.event(e); err != nil {
			return err
		}
	}
	return nil
}

func (c *converter) clock(e *trace.Event) error {
	now := e.Time()
	if !c.started {
		c.started, c.first, c.last = true, now, now
	}
	limit := longestSilence
	if c.synced {
		// A generation begins with its first event.
		limit, c.synced = longestOverlap, false
	}
	if silence := now - c.last; silence > limit || now < c.first {
		return fmt.Errorf("the clock jumps by %v", time.Duration(silence))
	}
	// A generation begins before the last events of the one before it; only
	// a new trace reader does not hide that.
	c.last = max(c.last, now)
	c.now = int64(c.last - c.first)
	if c.restarts {
		c.restarts, c.origin = false, c.now
	}
	c.events++
	return nil
}

// checkClock compares the clock with the snapshot of it that Go 1.25 and
// newer takes at the beginning of each generation. The trace reader never
// lets time go back, so after one damaged time it would stand still.
func (c *converter) checkClock(sync trace.Sync) error {
	if sync.ClockSnapshot == nil {
		return nil
	}
	if ahead := c.last - sync.ClockSnapshot.Trace; ahead > longestOverlap {
		c.last = max(c.first, sync.ClockSnapshot.Trace)
		return fmt.Errorf("the clock was %v ahead", time.Duration(ahead))
	}
	return nil
}

func (c *converter) event(e *trace.Event) error {
	switch e.Kind() {
	case trace.EventStateTransition:
		transition := e.StateTransition()
		switch transition.Resource.Kind {
		case trace.ResourceGoroutine:
			c.goroutine(e, &transition)
		case trace.ResourceProc:
			return c.proc(e, &transition)
		}
	case trace.EventSync:
		c.syncs, c.synced = c.syncs+1, true
		c.forget()
		return c.checkClock(e.Sync())
	case trace.EventMetric:
		c.metric(e)
	case trace.EventStackSample:
		c.samples.add(c.now, c.context(e), c.in.stack(e.Stack()))
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		c.rangeMark(e)
	case trace.EventTaskBegin, trace.EventTaskEnd:
		c.taskMark(e)
	case trace.EventRegionBegin, trace.EventRegionEnd:
		c.regionMark(e)
	case trace.EventLog:
		c.logMark(e)
	case trace.EventLabel:
		c.labelMark(e)
	}
	return nil
}

// A goroutine that lives: its row in the goroutines table, and the span
// that it is in. One that ended makes room for the next, so the memory and
// the processor's cache hold only those that live.
type goroutine struct {
	index int32
	// nameless: no stack of its own was seen yet, which would say where it
	// started.
	nameless bool
	span     open
	recent   [2]knownStack
}

type knownStack struct {
	handle trace.Stack
	number uint32
}

// stack is the number of one of g's own stacks. A goroutine blocks at the
// same few places again and again.
func (c *converter) stack(g *goroutine, handle trace.Stack) uint32 {
	if handle == trace.NoStack {
		return noStack
	}
	if g.recent[0].handle == handle {
		return g.recent[0].number
	}
	if g.recent[1].handle != handle {
		g.recent[1] = knownStack{handle, c.in.stack(handle)}
	}
	g.recent[0], g.recent[1] = g.recent[1], g.recent[0]
	return g.recent[0].number
}

// forget drops the handles of the generation that ended.
func (c *converter) forget() {
	clear(c.in.ofHandle)
	for _, g := range c.live {
		g.recent = [2]knownStack{}
	}
}

func (c *converter) goroutine(e *trace.Event, transition *trace.StateTransition) {
	id := transition.Resource.Goroutine()
	from, to := transition.Goroutine()
	g := c.of(id)
	if from == to && g.span.live {
		// Said again at the start of each generation.
		return
	}
	now := c.now
	own := c.stack(g, transition.Stack)
	if g.nameless && own != noStack {
		g.nameless = false
		if from != trace.GoNotExist {
			c.goroutines.sight(g.index, own)
		}
	}

	// Who did it, if not the goroutine itself. Nobody did what the trace
	// only finds to be so when it begins.
	cause, waker, here := int32(nobody), g, own
	if by := e.Goroutine(); by != id && from != trace.GoUndetermined {
		if by != trace.NoGoroutine {
			waker = c.of(by)
			cause = waker.index
		}
		here = c.stack(waker, e.Stack())
	}

	s := &g.span
	if s.live {
		flags := uint8(0)
		switch s.state {
		case stateSyscall:
			if to == trace.GoRunning {
				flags = keptP
			}
			fallthrough
		case stateRunning:
			s.end = own
		case stateWaiting:
			s.end, s.cause = here, cause
		}
		c.spans.close(laneGoroutine, g.index, s, now, flags)
	}

	switch {
	case from == trace.GoNotExist:
		c.goroutines.creation(g.index, now, cause, here, own)
	case to == trace.GoNotExist:
		c.goroutines.ending(g.index, now)
		c.bury(id, g)
		return
	}
	stack := own
	if stack == noStack && s.live {
		// A goroutine that did not run stands where it stood; the end of
		// its span is another's stack.
		stack = s.stack
		if s.state == stateRunning || s.state == stateSyscall {
			stack = s.end
		}
	}
	// Field by field: a whole struct would be put together elsewhere and copied.
	s.state, s.flags, s.reason, s.live = goState(to), 0, 0, true
	s.p, s.m, s.cause = nobody, nobody, nobody
	s.start, s.stack, s.end = now, stack, noStack
	if transition.Reason != "" {
		s.reason = c.reason(s.state, transition.Reason)
	}
	switch {
	case s.state == stateRunning || s.state == stateSyscall:
		s.p, s.m = procNumber(e.Proc()), c.thread(e.Thread())
	case s.state == stateRunnable && from != trace.GoUndetermined:
		s.p, s.m = procNumber(e.Proc()), c.thread(e.Thread())
		s.cause, s.end = cause, here
	}
	if from == trace.GoUndetermined {
		s.flags, s.start = openStart, c.origin
	}
}

func (c *converter) proc(e *trace.Event, transition *trace.StateTransition) error {
	id := transition.Resource.Proc()
	if id < 0 || id >= mostProcs {
		return fmt.Errorf("there is no P of number %d", id)
	}
	from, to := transition.Proc()
	now := c.now
	for int(id) >= len(c.procs) {
		c.procs = append(c.procs, &open{})
	}
	s := c.procs[id]
	if s.live {
		if from == to {
			return nil
		}
		c.spans.close(laneProc, int32(id), s, now, 0)
	}
	if to == trace.ProcNotExist {
		s.live = false
		return nil
	}
	*s = open{state: stateIdle, start: now, live: true, p: int16(id), m: nobody, cause: nobody}
	if to == trace.ProcRunning {
		s.state, s.m = stateRunning, c.thread(e.Thread())
	}
	if from == trace.ProcUndetermined {
		s.flags, s.start = openStart, c.origin
	}
	return nil
}

func (c *converter) metric(e *trace.Event) {
	metric := e.Metric()
	if metric.Value.Kind() == trace.ValueUint64 {
		c.counters.add(c.now, c.in.text(metric.Name), int64(metric.Value.Uint64()))
	}
}

// interrupt closes all that is open where the trace cannot be read on.
func (c *converter) interrupt() {
	end := int64(c.last - c.first)
	open := slices.SortedFunc(maps.Values(c.live), func(a, b *goroutine) int { return int(a.index - b.index) })
	for _, g := range open {
		if g.span.live {
			c.spans.close(laneGoroutine, g.index, &g.span, max(end, g.span.start), openEnd)
			g.span.live = false
		}
	}
	for id, s := range c.procs {
		if s.live {
			c.spans.close(laneProc, int32(id), s, max(end, s.start), openEnd)
			s.live = false
		}
	}
	marks := slices.Concat(slices.Collect(maps.Values(c.begun))...)
	slices.SortFunc(marks, func(a, b mark) int { return int(a.number - b.number) })
	for _, m := range marks {
		c.marks.add(m, max(end, m.start), openEnd)
	}
	clear(c.begun)
	c.restarts = true
	if c.events == int64(c.syncs) {
		// Nothing happened until now, so nothing has a time.
		c.started = false
	}
}

// A place is where something happened: indexes, or nobody.
type place struct {
	g, m int32
	p    int16
}

func (c *converter) context(e *trace.Event) place {
	at := place{nobody, c.thread(e.Thread()), procNumber(e.Proc())}
	if g := e.Goroutine(); g != trace.NoGoroutine {
		at.g = c.index(g)
	}
	return at
}

// procNumber is nobody also for what Go before 1.22 notes as Ps: timers, the
// network poller, system calls (FakeP in internal/trace/tracev1).
func procNumber(p trace.ProcID) int16 {
	if p < 0 || p > math.MaxInt16 {
		return nobody
	}
	return int16(p)
}

func (c *converter) index(id trace.GoID) int32 { return c.of(id).index }

func (c *converter) of(id trace.GoID) *goroutine {
	slot := &c.recent[id&(recentGoroutines-1)]
	if slot.g != nil && slot.id == id {
		return slot.g
	}
	g, known := c.live[id]
	if !known {
		g = c.born(id)
	}
	*slot = recent{id, g}
	return g
}

func (c *converter) born(id trace.GoID) *goroutine {
	g := &goroutine{}
	if last := len(c.free) - 1; last >= 0 {
		g, c.free = c.free[last], c.free[:last]
		*g = goroutine{}
	}
	g.index, g.nameless = c.goroutines.add(id), true
	c.live[id] = g
	return g
}

func (c *converter) bury(id trace.GoID, g *goroutine) {
	delete(c.live, id)
	c.recent[id&(recentGoroutines-1)] = recent{}
	c.free = append(c.free, g)
}

func (c *converter) thread(id trace.ThreadID) int32 {
	switch id {
	case trace.NoThread:
		return nobody
	case c.lastThread:
		return c.lastIndex
	}
	index, known := c.threads[id]
	if !known {
		index = int32(len(c.threadIDs))
		c.threads[id] = index
		c.threadIDs = append(c.threadIDs, int64(id))
	}
	c.lastThread, c.lastIndex = id, index
	return index
}

// reason is the number of a reason. Those of one state are often the same.
func (c *converter) reason(state uint8, text string) uint16 {
	last := &c.lastReason[state&7]
	if last.text == text {
		return last.number
	}
	number, known := c.reasons[text]
	if !known {
		if len(c.reasonList) > math.MaxUint16 {
			return 0
		}
		number = uint16(len(c.reasonList))
		text = strings.Clone(text)
		c.reasons[text] = number
		c.reasonList = append(c.reasonList, text)
	}
	*last = reason{c.reasonList[number], number}
	return number
}
