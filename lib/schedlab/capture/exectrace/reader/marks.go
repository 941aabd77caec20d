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
// sweep), tasks, regions, logs and labels. task is a task's own number, and
// that of the task which a region or log is part of; parent is the task that
// a task is part of, -1 for all that is no task.
type markTable struct {
	table
	kind, flags   *column[uint8]
	start, dur    *column[int64]
	g, m          *column[int32]
	p             *column[int16]
	task, parent  *column[int64]
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
	t.parent = newColumn[int64](&t.table, "parent")
	t.name = newColumn[uint32](&t.table, "name")
	t.message = newColumn[uint32](&t.table, "message")
	t.stack = newColumn[uint32](&t.table, "stack")
	return t
}

func (t *markTable) add(m mark, until int64, flags uint8) {
	row := t.row()
	t.kind.set(row, m.kind)
	t.flags.set(row, m.flags|flags)
	t.start.set(row, m.start)
	t.dur.set(row, until-m.start)
	t.g.set(row, m.at.g)
	t.m.set(row, m.at.m)
	t.p.set(row, m.at.p)
	t.task.set(row, m.task)
	t.parent.set(row, m.parent)
	t.name.set(row, m.name)
	t.message.set(row, m.message)
	t.stack.set(row, m.stack)
}

// A mark that has begun, or one that has no duration.
type mark struct {
	kind, flags   uint8
	start         int64
	task, parent  int64
	at            place
	name, message uint32
	stack         uint32
	// number counts the marks that were begun.
	number int64
}

// A markKey finds the begin of a range, task or region for its end.
type markKey struct {
	kind  uint8
	name  uint32
	scope trace.ResourceID
	task  trace.TaskID
	g     int32
}

func (c *converter) rangeMark(e *trace.Event) {
	r := e.Range()
	m := c.markOf(e, markRange, r.Name)
	switch r.Scope.Kind {
	case trace.ResourceGoroutine:
		m.at.g = c.index(r.Scope.Goroutine())
	case trace.ResourceProc:
		m.at.p = procNumber(r.Scope.Proc())
	}
	key := markKey{kind: markRange, name: m.name, scope: r.Scope}
	switch e.Kind() {
	case trace.EventRangeBegin:
		c.begin(key, m)
	case trace.EventRangeActive:
		// Repeated at the start of each generation for a range that goes on.
		if len(c.begun[key]) == 0 {
			m.flags, m.start = openStart, c.origin
			c.begin(key, m)
		}
	case trace.EventRangeEnd:
		c.end(key, m)
	}
}

func (c *converter) taskMark(e *trace.Event) {
	task := e.Task()
	m := c.markOf(e, markTask, task.Type)
	m.task, m.parent = int64(task.ID), int64(task.Parent)
	c.interval(markKey{kind: markTask, task: task.ID}, m, e.Kind() == trace.EventTaskBegin)
}

func (c *converter) regionMark(e *trace.Event) {
	region := e.Region()
	m := c.markOf(e, markRegion, region.Type)
	m.task = int64(region.Task)
	key := markKey{kind: markRegion, name: m.name, task: region.Task, g: m.at.g}
	c.interval(key, m, e.Kind() == trace.EventRegionBegin)
}

func (c *converter) logMark(e *trace.Event) {
	log := e.Log()
	m := c.markOf(e, markLog, log.Category)
	m.task, m.message = int64(log.Task), c.in.text(log.Message)
	c.marks.add(m, m.start, 0)
}

func (c *converter) labelMark(e *trace.Event) {
	label := e.Label()
	m := c.markOf(e, markLabel, label.Label)
	if label.Resource.Kind == trace.ResourceGoroutine {
		m.at.g = c.index(label.Resource.Goroutine())
	}
	c.marks.add(m, m.start, 0)
}

func (c *converter) markOf(e *trace.Event, kind uint8, name string) mark {
	return mark{
		kind: kind, start: c.now, at: c.context(e), parent: nobody,
		name: c.in.text(name), stack: c.in.stack(e.Stack()),
	}
}

func (c *converter) interval(key markKey, m mark, begins bool) {
	if begins {
		c.begin(key, m)
	} else {
		c.end(key, m)
	}
}

// begin opens a mark; one of the same key, as of a region inside a region
// of the same name, waits below it.
func (c *converter) begin(key markKey, m mark) {
	c.marksBegun++
	m.number = c.marksBegun
	c.begun[key] = append(c.begun[key], m)
}

// end closes the mark that began last. One whose begin was not seen is
// written with what its end knows.
func (c *converter) end(key markKey, last mark) {
	stack := c.begun[key]
	if len(stack) == 0 {
		until := last.start
		last.flags, last.start, last.stack = openStart, c.origin, noStack
		c.marks.add(last, until, 0)
		return
	}
	c.marks.add(stack[len(stack)-1], last.start, 0)
	if len(stack) == 1 {
		delete(c.begun, key)
	} else {
		c.begun[key] = stack[:len(stack)-1]
	}
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
	row := t.row()
	t.time.set(row, time)
	t.value.set(row, value)
	t.name.set(row, name)
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
	row := t.row()
	t.time.set(row, time)
	t.g.set(row, at.g)
	t.m.set(row, at.m)
	t.p.set(row, at.p)
	t.stack.set(row, stack)
}
