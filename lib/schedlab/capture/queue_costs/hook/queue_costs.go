// What the scheduler's steps on its queues take, one kind at a time, in the
// runtime itself: the functions that findRunnable calls, on Ps that are not in
// use, and on the real global queue and its lock.
//
// The caller has set GOMAXPROCS to 1 and is on the one P: nobody else takes
// from the global queue meanwhile. All is on one CPU and warm in its caches, so
// it is the least that a step takes.

package runtime

import _ "unsafe" // for go:linkname

const (
	schedlabSteps   = 128
	schedlabVictims = 32
)

var (
	schedlabGs    [2 * schedlabSteps]g
	schedlabOwner p
	schedlabPs    [schedlabVictims]p
)

// The kinds, as the program numbers them.
const (
	schedlabClock = iota
	schedlabLocal
	schedlabGlobal
	schedlabGlobalBatch
	schedlabStealOne
	schedlabStealHalf
)

// schedlabQueueCosts times one round of a kind: the ns of all its steps
// together, and how many steps that were. It is -1 if something was in the
// global queue.
//
//go:linkname schedlabQueueCosts
func schedlabQueueCosts(kind int) (ns int64, steps int) {
	systemstack(func() { ns, steps = schedlabRound(kind) })
	return
}

func schedlabRound(kind int) (ns int64, steps int) {
	owner, gs := &schedlabOwner, schedlabGs[:schedlabSteps]
	switch kind {
	case schedlabClock:
		begin := nanotime()
		return nanotime() - begin, 1
	case schedlabLocal:
		for i := range gs {
			runqput(owner, &gs[i], false)
		}
		begin := nanotime()
		for range gs {
			runqget(owner)
		}
		return nanotime() - begin, len(gs)
	case schedlabGlobal:
		if !schedlabFill(gs) {
			return -1, 1
		}
		begin := nanotime()
		for range gs {
			lock(&sched.lock)
			schedlabTakeOne(owner)
			unlock(&sched.lock)
		}
		return nanotime() - begin, len(gs)
	case schedlabGlobalBatch:
		if !schedlabFill(gs) {
			return -1, 1
		}
		begin := nanotime()
		lock(&sched.lock)
		schedlabTakeBatch(owner)
		unlock(&sched.lock)
		ns = nanotime() - begin
		schedlabDrain(owner)
		return ns, 1
	case schedlabStealOne:
		for i := range schedlabPs {
			runqput(&schedlabPs[i], &gs[i], false)
		}
		begin := nanotime()
		for i := range schedlabPs {
			runqsteal(owner, &schedlabPs[i], false)
		}
		return nanotime() - begin, len(schedlabPs)
	default:
		victim := &schedlabPs[0]
		for i := range schedlabGs {
			runqput(victim, &schedlabGs[i], false)
		}
		begin := nanotime()
		runqsteal(owner, victim, false)
		ns = nanotime() - begin
		schedlabDrain(owner)
		schedlabDrain(victim)
		return ns, 1
	}
}

// schedlabFill puts all into the global queue, if that is empty.
func schedlabFill(gs []g) bool {
	lock(&sched.lock)
	empty := sched.runq.empty()
	if empty {
		for i := range gs {
			globrunqput(&gs[i])
		}
	}
	unlock(&sched.lock)
	return empty
}

func schedlabDrain(pp *p) {
	for {
		if gp, _ := runqget(pp); gp == nil {
			return
		}
	}
}
