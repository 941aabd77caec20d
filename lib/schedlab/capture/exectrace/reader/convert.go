package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

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
	free       []*goroutine
	threads    map[trace.ThreadID]int32
	threadIDs  []int64
	openProc   map[trace.ProcID]*open
	ranges     map[rangeKey][]openMark
	reasons    map[string]uint16
	reasonList []string
	events     int64
	first      trace.Time
	last       trace.Time
	begun      bool
}

// A batch of events goes from the goroutine that reads to the one that
// converts: reading and converting take about the same time, and two
// processors do both at once.
type batch struct {
	events []trace.Event
	err    error
}

const (
	batchEvents = 2048
	batchesHeld = 4
)

// convert reads events to the end of the trace or to what cannot be read,
// and returns what stopped it.
func (c *converter) convert(r *trace.Reader) error {
	filled, empty := make(chan batch, batchesHeld), make(chan []trace.Event, batchesHeld)
	for range batchesHeld {
		empty <- make([]trace.Event, 0, batchEvents)
	}
	go read(r, filled, empty)
	for b := range filled {
		for i := range b.events {
			c.next(&b.events[i])
		}
		if b.err != nil {
			return b.err
		}
		empty <- b.events[:0]
	}
	return nil
}

// read fills batches until the trace ends. A panic of the trace reader,
// which damaged input can cause, ends it like an error.
func read(r *trace.Reader, filled chan<- batch, empty <-chan []trace.Event) {
	defer close(filled)
	events := <-empty
	defer func() {
		if reason := recover(); reason != nil {
			filled <- batch{events, fmt.Errorf("the trace reader gave up: %v", reason)}
		}
	}()
	for {
		event, err := r.ReadEvent()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			filled <- batch{events, err}
			return
		}
		events = append(events, event)
		if len(events) == cap(events) {
			filled <- batch{events, nil}
			events = <-empty
		}
	}
}

func (c *converter) next(event *trace.Event) {
	c.events++
	if !c.begun {
		c.begun, c.first = true, event.Time()
	}
	c.last = event.Time()
	c.event(event)
}

func (c *converter) event(e *trace.Event) {
	switch e.Kind() {
	case trace.EventSync:
		c.in.forget()
	case trace.EventStateTransition:
		transition := e.StateTransition()
		switch transition.Resource.Kind {
		case trace.ResourceGoroutine:
			c.goroutine(e, &transition)
		case trace.ResourceProc:
			c.proc(e, &transition)
		}
	case trace.EventMetric:
		c.metric(e)
	case trace.EventStackSample:
		c.sample(e)
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		c.span(e)
	case trace.EventTaskBegin, trace.EventTaskEnd:
		c.task(e)
	case trace.EventRegionBegin, trace.EventRegionEnd:
		c.region(e)
	case trace.EventLog:
		log := e.Log()
		c.marks.add(markLog, c.at(e), 0, c.context(e), int64(log.Task), c.in.text(log.Category), c.in.text(log.Message), 0)
	case trace.EventLabel:
		c.label(e)
	}
}

// A goroutine that lives: its row in the goroutines table, and the span
// that it is in. One that ended makes room for the next, so the memory and
// the processor's cache hold only those that live.
type goroutine struct {
	index int32
	span  open
}

func (c *converter) goroutine(e *trace.Event, transition *trace.StateTransition) {
	id := transition.Resource.Goroutine()
	from, to := transition.Goroutine()
	now := c.at(e)
	g := c.of(id)
	own := c.in.stack(transition.Stack)
	here := c.in.stack(e.Stack())
	cause := int32(nobody)
	if by := e.Goroutine(); by != trace.NoGoroutine && by != id {
		cause = c.index(by)
	}

	s := &g.span
	if s.live {
		switch s.state {
		case stateRunning, stateSyscall:
			s.end = own
			if own == noStack {
				s.end = here
			}
		case stateWaiting:
			s.end, s.cause = here, cause
		}
		c.spans.close(laneGoroutine, g.index, s, now, 0)
	}

	switch {
	case from == trace.GoNotExist:
		c.goroutines.creation(g.index, now, cause, here, own)
	case to == trace.GoNotExist:
		c.goroutines.ending(g.index, now)
		delete(c.live, id)
		c.free = append(c.free, g)
		return
	}
	next := open{state: goState(to), start: now, live: true, p: nobody, m: nobody, cause: nobody}
	next.reason = c.reason(transition.Reason)
	next.stack = own
	if from == trace.GoUndetermined {
		next.flags, next.start = openStart, 0
	}
	switch next.state {
	case stateRunning, stateSyscall:
		next.p, next.m = int16(e.Proc()), c.thread(e.Thread())
	case stateRunnable:
		next.cause, next.end = cause, here
		next.p = int16(e.Proc())
	}
	if next.stack == noStack && s.live {
		next.stack = s.end
	}
	*s = next
}

func (c *converter) proc(e *trace.Event, transition *trace.StateTransition) {
	id := transition.Resource.Proc()
	from, to := transition.Proc()
	now := c.at(e)
	s, known := c.openProc[id]
	if !known {
		s = &open{}
		c.openProc[id] = s
	}
	if s.live {
		c.spans.close(laneProc, int32(id), s, now, 0)
	}
	if to == trace.ProcNotExist {
		s.live = false
		return
	}
	*s = open{state: stateIdle, start: now, live: true, p: int16(id), m: nobody, cause: nobody}
	if to == trace.ProcRunning {
		s.state, s.m = stateRunning, c.thread(e.Thread())
	}
	if from == trace.ProcUndetermined {
		s.flags, s.start = openStart, 0
	}
}

func (c *converter) metric(e *trace.Event) {
	metric := e.Metric()
	if metric.Value.Kind() == trace.ValueUint64 {
		c.counters.add(c.at(e), c.in.text(metric.Name), int64(metric.Value.Uint64()))
	}
}

func (c *converter) sample(e *trace.Event) {
	at := c.context(e)
	c.samples.add(c.at(e), at, c.in.stack(e.Stack()))
}

func (c *converter) label(e *trace.Event) {
	label := e.Label()
	at := c.context(e)
	if label.Resource.Kind == trace.ResourceGoroutine {
		at.g = c.index(label.Resource.Goroutine())
	}
	c.marks.add(markLabel, c.at(e), 0, at, 0, c.in.text(label.Label), 0, 0)
}

// finish closes what the end of the trace cut off.
func (c *converter) finish() {
	end := int64(c.last - c.first)
	for _, g := range c.live {
		if g.span.live {
			c.spans.close(laneGoroutine, g.index, &g.span, end, openEnd)
		}
	}
	for id, s := range c.openProc {
		if s.live {
			c.spans.close(laneProc, int32(id), s, end, openEnd)
		}
	}
	for _, stack := range c.ranges {
		for _, m := range stack {
			c.marks.write(m, end, openEnd)
		}
	}
}

// A place is where something happened: indexes, or nobody.
type place struct {
	g, m int32
	p    int16
}

func (c *converter) context(e *trace.Event) place {
	at := place{nobody, nobody, int16(e.Proc())}
	if g := e.Goroutine(); g != trace.NoGoroutine {
		at.g = c.index(g)
	}
	if m := e.Thread(); m != trace.NoThread {
		at.m = c.thread(m)
	}
	return at
}

// at is the time of an event in ns since the trace's first.
func (c *converter) at(e *trace.Event) int64 { return int64(e.Time() - c.first) }

func (c *converter) index(id trace.GoID) int32 { return c.of(id).index }

func (c *converter) of(id trace.GoID) *goroutine {
	if g, known := c.live[id]; known {
		return g
	}
	g := &goroutine{}
	if last := len(c.free) - 1; last >= 0 {
		g, c.free = c.free[last], c.free[:last]
		g.span = open{}
	}
	g.index = c.goroutines.add(id)
	c.live[id] = g
	return g
}

func (c *converter) thread(id trace.ThreadID) int32 {
	if id == trace.NoThread {
		return nobody
	}
	if index, known := c.threads[id]; known {
		return index
	}
	index := int32(len(c.threadIDs))
	c.threads[id] = index
	c.threadIDs = append(c.threadIDs, int64(id))
	return index
}

func (c *converter) reason(text string) uint16 {
	if number, known := c.reasons[text]; known {
		return number
	}
	number := uint16(len(c.reasonList))
	c.reasons[strings.Clone(text)] = number
	c.reasonList = append(c.reasonList, text)
	return number
}
