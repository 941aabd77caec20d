// Counters and a ring of events for each P, inside the runtime. The patcher
// puts calls of these functions into the scheduler and lays this file, and one
// with the numbers of the kinds, over the build.
//
// Only the M that holds a P writes to the P's slot, so plain additions do.
// Code that holds no P (sysmon, handoffp, the end of a system call) shares the
// slot schedlabNobody and adds atomically. All is nosplit: nothing can preempt
// an M between reading its P and writing. There are no pointers in the slots,
// so none of it needs a write barrier.

package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

// schedlabSlot is what one P has counted. It is written by its owner only, and
// may be read from outside at any time.
type schedlabSlot struct {
	// By kind; there are fewer kinds than places.
	counts [schedlabPlaces]uint64
	// How many goroutines this P took from the queue of each P.
	from [schedlabPs]uint32
	// The address of the ring, and how many events were ever put into it: the
	// newest is at (next-1) % length.
	ring uintptr
	next uint64
	// Where the goroutine was found that will be run next, and for a stolen one
	// from which P, with how many.
	origin  uint32
	grabbed uint32
	victim  int32
	_       int32
	_       [64]byte // the next slot begins in a line of its own
}

// schedlabEvent is one entry of a ring. What other says depends on the kind:
// a goroutine's id or a P's number.
type schedlabEvent struct {
	time  int64 // nanotime
	g     uint64
	other uint64
	n     uint32
	kind  uint16
	_     uint16
}

// schedlabHeader says how the rest is laid out.
type schedlabHeader struct {
	magic      [8]byte // "schedlab"
	version    uint32
	kinds      uint32
	ps         uint32 // slots of Ps; one more follows, of those without a P
	slotBytes  uint32
	eventBytes uint32
	ringLength uint32 // 0: there are no rings
	used       uint32 // so many Ps there have been
	_          uint32
	began      int64 // nanotime
	written    int64 // nanotime
}

// schedlabProbes is all that the hooks write. A reader of a living process
// finds it by its name: the header, then one slot for each P by its number,
// and last that of those without a P.
var schedlabProbes struct {
	header schedlabHeader
	slots  [schedlabPs + 1]schedlabSlot
}

const (
	schedlabNobody = schedlabPs
	schedlabPlaces = 64
)

// schedlabInit makes a P's slot ready. The world is stopped, or not yet there.
func schedlabInit(pp *p, id int32) {
	h := &schedlabProbes.header
	if h.began == 0 {
		h.magic = [8]byte{'s', 'c', 'h', 'e', 'd', 'l', 'a', 'b'}
		h.version = 1
		h.kinds, h.ps = schedlabKinds, schedlabPs
		h.slotBytes = uint32(unsafe.Sizeof(schedlabSlot{}))
		h.eventBytes = uint32(unsafe.Sizeof(schedlabEvent{}))
		h.ringLength = schedlabRingLength
		h.began = nanotime()
		schedlabMakeRing(schedlabNobody)
	}
	// Ps beyond the last slot share one, and may lose some counts to each other.
	if id < schedlabPs {
		h.used = max(h.used, uint32(id)+1)
		schedlabMakeRing(id)
	}
	pp.schedlab = uintptr(unsafe.Pointer(&schedlabProbes.slots[min(id, schedlabNobody)]))
}

func schedlabMakeRing(slot int32) {
	s := &schedlabProbes.slots[slot]
	if schedlabRingLength != 0 && s.ring == 0 {
		s.ring = uintptr(persistentalloc(schedlabRingLength*unsafe.Sizeof(schedlabEvent{}), 64, &memstats.other_sys))
	}
}

// schedlabOwn is the slot of the P that this M holds, nil if it holds none.
//
//go:nosplit
func schedlabOwn() *schedlabSlot {
	pp := getg().m.p.ptr()
	if pp == nil {
		return nil
	}
	return (*schedlabSlot)(unsafe.Pointer(pp.schedlab))
}

// schedlabHeld is the slot of the P that this M holds; it must hold one.
//
//go:nosplit
func schedlabHeld() *schedlabSlot {
	return (*schedlabSlot)(unsafe.Pointer(getg().m.p.ptr().schedlab))
}

// schedlabCurrent is the id of the goroutine that this M runs, 0 without one.
//
//go:nosplit
func schedlabCurrent() uint64 {
	if !schedlabRing {
		return 0
	}
	gp := getg().m.curg
	if gp == nil {
		return 0
	}
	return gp.goid
}

//go:nosplit
func schedlabCount(kind uint32) {
	// Not through schedlabOwn: the compiler would ask twice for nil, in what runs most often.
	if pp := getg().m.p.ptr(); pp != nil {
		(*schedlabSlot)(unsafe.Pointer(pp.schedlab)).counts[kind]++
		return
	}
	atomic.Xadd64(&schedlabProbes.slots[schedlabNobody].counts[kind], 1)
}

// schedlabNote counts, and puts an event into the ring.
//
//go:nosplit
func schedlabNote(kind uint32, gp *g, other uint64, n uint32) {
	schedlabCount(kind)
	if schedlabRing {
		schedlabPut(kind, gp, other, n)
	}
}

// schedlabNoteOwn is the same where the M holds a P for sure: without the
// question for it. That is so in what a ping-pong does all the time.
//
//go:nosplit
func schedlabNoteOwn(kind uint32, gp *g, other uint64, n uint32) {
	schedlabHeld().counts[kind]++
	if schedlabRing {
		schedlabPut(kind, gp, other, n)
	}
}

//go:nosplit
//go:noinline
func schedlabPut(kind uint32, gp *g, other uint64, n uint32) {
	slot, nobody := schedlabOwn(), &schedlabProbes.slots[schedlabNobody]
	if slot == nil {
		slot = nobody
	}
	at := slot.next
	if slot == nobody {
		at = atomic.Xadd64(&slot.next, 1) - 1
	}
	if slot.ring == 0 {
		return
	}
	e := (*schedlabEvent)(unsafe.Pointer(slot.ring + uintptr(at%max(1, schedlabRingLength))*unsafe.Sizeof(schedlabEvent{})))
	e.time = nanotime()
	e.g = 0
	if gp != nil {
		e.g = gp.goid
	}
	e.other, e.n, e.kind = other, n, uint16(kind)
	if slot != nobody {
		// A reader from outside sees the entry whole.
		atomic.StoreRel64(&slot.next, at+1)
	}
}

// schedlabFound says where the goroutine was found that this P runs next. Who
// finds one holds a P.
//
//go:nosplit
func schedlabFound(origin uint32) {
	schedlabHeld().origin = origin
}

// schedlabFoundLocal is the same for the P's own queue. Only runnext passes the
// time slice on.
//
//go:nosplit
func schedlabFoundLocal(runnext bool) {
	origin := uint32(schedlabRunLocal)
	if runnext {
		origin = schedlabRunRunnext
	}
	schedlabFound(origin)
}

// schedlabRun counts, by its origin, a goroutine that is about to run. Whoever
// runs one holds a P.
//
//go:nosplit
func schedlabRun(gp *g) {
	slot := schedlabHeld()
	origin := slot.origin
	slot.origin = schedlabRunOther
	slot.counts[origin%schedlabPlaces]++
	if schedlabRing {
		schedlabPut(origin, gp, 0, 0)
	}
}

// schedlabGrabbed says what an attempt to steal from victim gave.
//
//go:nosplit
func schedlabGrabbed(victim *p, n uint32) {
	slot := schedlabOwn()
	if slot == nil {
		return
	}
	if n == 0 {
		slot.counts[schedlabStealMiss]++
		return
	}
	slot.counts[schedlabSteal]++
	slot.counts[schedlabStolen] += uint64(n)
	slot.grabbed, slot.victim = n, victim.id
	if uint32(victim.id) < schedlabPs {
		slot.from[victim.id] += n
	}
}

// schedlabStole says which of the stolen goroutines will run.
//
//go:nosplit
func schedlabStole(gp *g) {
	slot := schedlabOwn()
	if slot == nil {
		return
	}
	slot.origin = schedlabRunStolen
	if schedlabRing {
		schedlabPut(schedlabSteal, gp, uint64(slot.victim), slot.grabbed)
	}
}

// schedlabOverflowed says that n goroutines went from the full local queue to
// the global one.
//
//go:nosplit
func schedlabOverflowed(gp *g, n uint32) {
	schedlabNote(schedlabOverflow, gp, 0, n)
	if slot := schedlabOwn(); slot != nil {
		slot.counts[schedlabOverflowGs] += uint64(n)
	}
}

//go:nosplit
func schedlabYielded(gp *g, preempted bool) {
	if preempted {
		schedlabNoteOwn(schedlabPreemptHit, gp, 0, 0)
	} else {
		schedlabNoteOwn(schedlabGosched, gp, 0, 0)
	}
}

// schedlabStarted says that startm was called, for a P (if pp is given) and
// perhaps to spin.
//
//go:nosplit
func schedlabStarted(pp *p, spinning bool) {
	schedlabCount(schedlabStartM)
	if spinning {
		schedlabNote(schedlabSpinStartWoken, nil, uint64(pp.id), 0)
	}
}
