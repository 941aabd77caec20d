package main

import (
	"golang.org/x/exp/trace"
)

// Kinds of marks. The numbers are the ones that schedlab.timeline knows.
const (
	markRange uint8 = iota
	markTask
	markRegion
	markLog
	markLabel
)

// markTable holds what has a name and a time: ranges (STW, GC, assist,
// sweep), tasks, regions, logs and labels.
type markTable struct {
	table
	kind, flags   *column[uint8]
	start, dur    *column[int64]
	g, m          *column[int32]
	p             *column[int16]
	task          *column[int64]
	name, message *column[uint32]
	stack         *column[uint32]
}

func newMarkTable(folder string) *markTable {
	t := &markTable{table: table{folder: folder, name: "marks"}}
	t.kind = newColumn[uint8](&t.table, "kind")
	t.flags = newColumn[uint8](&t.table, "flags")
	t.start = newColumn[int64](&t.table, "start")
	t.dur = newColumn[int64](&t.table, "dur")
	t.g = newColumn[int32](&t.table, "g")
	t.m = newColumn[int32](&t.table, "m")
	t.p = newColumn[int16](&t.table, "p")
	t.task = newColumn[int64](&t.table, "task")
	t.name = newColumn[uint32](&t.table, "name")
	t.message = newColumn[uint32](&t.table, "message")
	t.stack = newColumn[uint32](&t.table, "stack")
	return t
}

func (t *markTable) add(kind uint8, start, dur int64, at place, task int64, name, message uint32, flags uint8) {
	t.write(openMark{kind: kind, flags: flags, start: start, at: at, task: task, name: name, message: message}, start+dur, 0)
}

func (t *markTable) write(m openMark, until int64, flags uint8) {
	t.rows++
	t.kind.add(m.kind)
	t.flags.add(m.flags | flags)
	t.start.add(m.start)
	t.dur.add(until - m.start)
	t.g.add(m.at.g)
	t.m.add(m.at.m)
	t.p.add(m.at.p)
	t.task.add(m.task)
	t.name.add(m.name)
	t.message.add(m.message)
	t.stack.add(m.stack)
}

type openMark struct {
	kind, flags   uint8
	start, task   int64
	at            place
	name, message uint32
	stack         uint32
}

// A rangeKey finds the begin of a range, task or region for its end.
type rangeKey struct {
	kind  uint8
	name  string
	scope trace.ResourceID
	task  trace.TaskID
	g     int32
}

func (c *converter) span(e *trace.Event) {
	r := e.Range()
	key := rangeKey{kind: markRange, name: r.Name, scope: r.Scope}
	at := c.context(e)
	switch r.Scope.Kind {
	case trace.ResourceGoroutine:
		at.g = c.index(r.Scope.Goroutine())
	case trace.ResourceProc:
		at.p = int16(r.Scope.Proc())
	}
	switch e.Kind() {
	case trace.EventRangeBegin:
		c.begin(key, openMark{kind: markRange, start: c.at(e), at: at, name: c.in.text(r.Name), stack: c.in.stack(e.Stack())})
	case trace.EventRangeActive:
		// Repeated at the start of each generation for a range that goes on.
		if _, known := c.ranges[key]; !known {
			c.begin(key, openMark{kind: markRange, flags: openStart, at: at, name: c.in.text(r.Name)})
		}
	case trace.EventRangeEnd:
		c.end(key, c.at(e))
	}
}

func (c *converter) task(e *trace.Event) {
	task := e.Task()
	key := rangeKey{kind: markTask, task: task.ID}
	if e.Kind() == trace.EventTaskBegin {
		c.begin(key, openMark{kind: markTask, start: c.at(e), at: c.context(e), task: int64(task.ID), name: c.in.text(task.Type), stack: c.in.stack(e.Stack())})
	} else if !c.end(key, c.at(e)) {
		c.marks.write(openMark{kind: markTask, flags: openStart, at: c.context(e), task: int64(task.ID), name: c.in.text(task.Type)}, c.at(e), 0)
	}
}

func (c *converter) region(e *trace.Event) {
	region, at := e.Region(), c.context(e)
	key := rangeKey{kind: markRegion, name: region.Type, task: region.Task, g: at.g}
	if e.Kind() == trace.EventRegionBegin {
		c.begin(key, openMark{kind: markRegion, start: c.at(e), at: at, task: int64(region.Task), name: c.in.text(region.Type), stack: c.in.stack(e.Stack())})
	} else if !c.end(key, c.at(e)) {
		c.marks.write(openMark{kind: markRegion, flags: openStart, at: at, task: int64(region.Task), name: c.in.text(region.Type)}, c.at(e), 0)
	}
}

// begin opens a mark; one of the same key, as of a region inside a region
// of the same name, waits below it.
func (c *converter) begin(key rangeKey, m openMark) {
	c.ranges[key] = append(c.ranges[key], m)
}

func (c *converter) end(key rangeKey, now int64) bool {
	stack := c.ranges[key]
	if len(stack) == 0 {
		return false
	}
	c.marks.write(stack[len(stack)-1], now, 0)
	if len(stack) == 1 {
		delete(c.ranges, key)
	} else {
		c.ranges[key] = stack[:len(stack)-1]
	}
	return true
}

// counterTable holds sampled metrics: heap, goal, GOMAXPROCS.
type counterTable struct {
	table
	time, value *column[int64]
	name        *column[uint32]
}

func newCounterTable(folder string) *counterTable {
	t := &counterTable{table: table{folder: folder, name: "counters"}}
	t.time = newColumn[int64](&t.table, "time")
	t.value = newColumn[int64](&t.table, "value")
	t.name = newColumn[uint32](&t.table, "name")
	return t
}

func (t *counterTable) add(time int64, name uint32, value int64) {
	t.rows++
	t.time.add(time)
	t.value.add(value)
	t.name.add(name)
}

// sampleTable holds CPU samples.
type sampleTable struct {
	table
	time  *column[int64]
	g, m  *column[int32]
	p     *column[int16]
	stack *column[uint32]
}

func newSampleTable(folder string) *sampleTable {
	t := &sampleTable{table: table{folder: folder, name: "samples"}}
	t.time = newColumn[int64](&t.table, "time")
	t.g = newColumn[int32](&t.table, "g")
	t.m = newColumn[int32](&t.table, "m")
	t.p = newColumn[int16](&t.table, "p")
	t.stack = newColumn[uint32](&t.table, "stack")
	return t
}

func (t *sampleTable) add(time int64, at place, stack uint32) {
	t.rows++
	t.time.add(time)
	t.g.add(at.g)
	t.m.add(at.m)
	t.p.add(at.p)
	t.stack.add(stack)
}
