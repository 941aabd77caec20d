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
	row       *column[int32]
	time      *column[int64]
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
	}
	t.id = newColumn[int64](&t.ids, "id")
	t.created.row = newColumn[int32](&t.creations, "goroutine")
	t.created.creator = newColumn[int32](&t.creations, "creator")
	t.created.time = newColumn[int64](&t.creations, "time")
	t.created.at = newColumn[uint32](&t.creations, "at")
	t.created.start = newColumn[uint32](&t.creations, "start")
	t.row = newColumn[int32](&t.endings, "goroutine")
	t.time = newColumn[int64](&t.endings, "time")
	return t
}

func (t *goroutineTable) add(id trace.GoID) int32 {
	t.id.add(int64(id))
	t.ids.rows++
	return int32(t.ids.rows - 1)
}

// creation notes who made a goroutine, where, and where it starts.
func (t *goroutineTable) creation(row int32, now int64, creator int32, where, start uint32) {
	t.creations.rows++
	t.created.row.add(row)
	t.created.creator.add(creator)
	t.created.time.add(now)
	t.created.at.add(where)
	t.created.start.add(start)
}

func (t *goroutineTable) ending(row int32, now int64) {
	t.endings.rows++
	t.row.add(row)
	t.time.add(now)
}

func (t *goroutineTable) flush() error {
	for _, part := range []*table{&t.ids, &t.creations, &t.endings} {
		if err := part.flush(); err != nil {
			return err
		}
	}
	return nil
}
