// stack_life watches the stacks of goroutines: with how much they start,
// where they go when they grow, and how they get small again.
//
// Watch for: a variable's address changes while a function runs, because
// the whole stack moved to a place with twice the room; a stack that is used
// little gets half as big at each garbage collection; and after a
// collection new goroutines start with more, if most goroutines need more.
//
//	./stack_life
//	GODEBUG=gcshrinkstackoff=1 ./stack_life
//	GODEBUG=adaptivestackstart=0 ./stack_life
package main

import (
	"flag"
	"runtime"
	"runtime/debug"
	"sync"
	"unsafe"

	"schedlab/samples/internal/report"
)

// A move is one change of place of a whole stack.
type move struct {
	// The address of the same variable, before and after.
	Before uint64 `json:"before"`
	After  uint64 `json:"after"`
	// Bytes from that variable down to the frame that did not fit.
	UsedBytes uint64 `json:"used_bytes"`
}

// A rest is the room left on a stack that was large, after collections.
type rest struct {
	Collections int    `json:"collections"`
	RoomBytes   uint64 `json:"room_bytes"`
}

type result struct {
	Growth []move `json:"growth"`
	Shrunk []rest `json:"shrunk"`
	// What runtime/metrics says that new goroutines start with, before and
	// after a collection that saw many goroutines with large stacks.
	SaidBefore int64 `json:"said_before"`
	SaidAfter  int64 `json:"said_after"`
	// The bytes that each of many new goroutines could use before its stack
	// moved, before and after that collection.
	RoomBefore []uint64 `json:"room_before"`
	RoomAfter  []uint64 `json:"room_after"`
	// How many goroutines had ended by then, so that theirs can be used again.
	Ended int `json:"ended"`
	// How many were started one after the other, each when the one before had
	// ended, and in how many places their stacks were.
	InTurn int `json:"in_turn"`
	Places int `json:"places"`
}

func main() {
	depth := flag.Uint64("depth", 60_000, "bytes of stack to use at most")
	collections := flag.Int("collections", 6, "garbage collections to let a large stack see")
	goroutines := flag.Int("goroutines", 300, "how many goroutines hold a large stack")
	hold := flag.Uint64("hold", 5_000, "bytes of stack that each of them holds")
	flag.Parse()

	// No collection but those that are asked for.
	debug.SetGCPercent(-1)
	var out result
	out.SaidBefore, out.RoomBefore = said(), newcomers(10)
	out.InTurn = 1000
	out.Places = places(out.InTurn)
	out.Growth = inGoroutine(func() []move { return grow(*depth) })
	for n := range *collections + 1 {
		room := inGoroutine(func() uint64 { return roomAfter(*depth, n) })
		out.Shrunk = append(out.Shrunk, rest{n, room})
	}
	release := holdStacks(*goroutines, *hold)
	runtime.GC()
	release()
	out.Ended = *goroutines
	out.SaidAfter, out.RoomAfter = said(), newcomers(2**goroutines)
	report.Print(out)
}

func said() int64 {
	return report.Metric("/gc/stack/starting-size:bytes")
}

func inGoroutine[T any](f func() T) T {
	found := make(chan T)
	go func() { found <- f() }()
	return <-found
}

// newcomers finds out how much stack new goroutines have, of so many that
// live at once.
func newcomers(n int) []uint64 {
	gate := make(chan struct{})
	rooms := make(chan uint64)
	for range n {
		go func() {
			var first byte
			rooms <- descend(&first, place(&first), 1<<30, 1, notes())[0].UsedBytes
			<-gate
		}()
	}
	found := make([]uint64, n)
	for i := range found {
		found[i] = <-rooms
	}
	close(gate)
	return found
}

// places counts the stacks that goroutines had which lived one after the
// other.
func places(n int) int {
	found := map[uint64]bool{}
	for range n {
		found[inGoroutine(func() uint64 {
			var first byte
			return place(&first)
		})] = true
	}
	return len(found)
}

// grow uses depth bytes of stack and notes each move on the way.
func grow(depth uint64) []move {
	var first byte
	return descend(&first, place(&first), depth, 1<<30, notes())
}

// roomAfter makes the stack large, lets so many collections pass, and finds
// out how much of it is left.
func roomAfter(depth uint64, collections int) uint64 {
	var first byte
	descend(&first, place(&first), depth, 1<<30, notes())
	for range collections {
		runtime.GC()
	}
	return descend(&first, place(&first), 1<<30, 1, notes())[0].UsedBytes
}

// notes are made elsewhere: they would be large on the stack that is watched.
//
//go:noinline
func notes() []move {
	return make([]move, 0, 64)
}

// descend calls itself until it uses depth bytes below first, or until the
// stack has moved so many times. was is where first is as far as the caller
// knows: if it is elsewhere, this very call made the stack move.
//
//go:noinline
func descend(first *byte, was, depth uint64, most int, moves []move) []move {
	var frame [64]byte
	now, here := place(first), place(&frame[0])
	if now != was {
		moves = append(moves, move{was, now, now - here})
	}
	if now-here < depth && len(moves) < most {
		frame[0] = 1
		moves = descend(first, now, depth, most, moves)
	}
	runtime.KeepAlive(&frame)
	return moves
}

// place is an address as a number, which does not follow a move.
func place(p *byte) uint64 {
	return uint64(uintptr(unsafe.Pointer(p)))
}

// holdStacks starts goroutines that use that much stack until released.
func holdStacks(goroutines int, bytes uint64) (release func()) {
	gate := make(chan struct{})
	var deep, over sync.WaitGroup
	deep.Add(goroutines)
	over.Add(goroutines)
	for range goroutines {
		go func() {
			defer over.Done()
			waitBelow(bytes, &deep, gate)
		}()
	}
	deep.Wait()
	return func() { close(gate); over.Wait() }
}

//go:noinline
func waitBelow(bytes uint64, deep *sync.WaitGroup, gate chan struct{}) {
	var frame [500]byte
	if bytes > uint64(len(frame)) {
		waitBelow(bytes-uint64(len(frame)), deep, gate)
	} else {
		deep.Done()
		<-gate
	}
	runtime.KeepAlive(&frame)
}
