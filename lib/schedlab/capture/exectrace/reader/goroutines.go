package main

import "golang.org/x/exp/trace"

// goroutineTable has a row per goroutine, in the order in which the trace
// first speaks of them. What is known only later is in tables of its own,
// so that nothing is kept for a goroutine that ended.
type goroutineTable struct {
	ids       table
	id        *column[int64]
	creations table
	created   creationColumns
	endings   table
	ended     *column[int32]
	time      *column[int64]
	sightings table
	seen      *column[int32]
	stack     *column[uint32]
}

type creationColumns struct {
	row, creator *column[int32]
	time         *column[int64]
	at, start    *column[uint32]
}

func newGoroutineTable(folder string) *goroutineTable {
	t := &goroutineTable{
		ids:       table{folder: folder, name: "goroutines"},
		creations: table{folder: folder, name: "creations"},
		endings:   table{folder: folder, name: "endings"},
		sightings: table{folder: folder, name: "sightings"},
	}
	t.id = newColumn[int64](&t.ids, "id")
	t.created.row = newColumn[int32](&t.creations, "goroutine")
	t.created.creator = newColumn[int32](&t.creations, "creator")
	t.created.time = newColumn[int64](&t.creations, "time")
	t.created.at = newColumn[uint32](&t.creations, "at")
	t.created.start = newColumn[uint32](&t.creations, "start")
	t.ended = newColumn[int32](&t.endings, "goroutine")
	t.time = newColumn[int64](&t.endings, "time")
	t.seen = newColumn[int32](&t.sightings, "goroutine")
	t.stack = newColumn[uint32](&t.sightings, "stack")
	return t
}

func (t *goroutineTable) add(id trace.GoID) int32 {
	row := t.ids.row()
	t.id.set(row, int64(id))
	return int32(t.ids.rows - 1)
}

// creation notes who made a goroutine, where, and where it starts.
func (t *goroutineTable) creation(index int32, now int64, creator int32, where, start uint32) {
	row := t.creations.row()
	t.created.row.set(row, index)
	t.created.creator.set(row, creator)
	t.created.time.set(row, now)
	t.created.at.set(row, where)
	t.created.start.set(row, start)
}

func (t *goroutineTable) ending(index int32, now int64) {
	row := t.endings.row()
	t.ended.set(row, index)
	t.time.set(row, now)
}

// sight notes the first stack of a goroutine that is older than the trace.
func (t *goroutineTable) sight(index int32, stack uint32) {
	row := t.sightings.row()
	t.seen.set(row, index)
	t.stack.set(row, stack)
}

func (t *goroutineTable) flush() error {
	for _, part := range []*table{&t.ids, &t.creations, &t.endings, &t.sightings} {
		if err := part.flush(); err != nil {
			return err
		}
	}
	return nil
}
