// What the hooks have counted goes into the file that SCHEDLAB_PROBES names,
// when the process ends: the header, the slots of the Ps that there have been
// and the last slot; then, if there are rings, for each of these slots how many
// events it has had, the ring's entries, and how many it has had by now; and
// at the very end the magic word again. Byte order is the machine's.

package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

var (
	schedlabName    [4096]byte
	schedlabClaimed bool
	schedlabDone    atomic.Uint32
)

// schedlabStart makes the file. One that is there already belongs to the
// process that this one was started by, with its environment.
func schedlabStart() {
	name := gogetenv("SCHEDLAB_PROBES")
	if name == "" || len(name) >= len(schedlabName) {
		return
	}
	copy(schedlabName[:], name)
	const writeOnly, create, exclusive = 1, 0x40, 0x80
	const createBSD, exclusiveBSD = 0x200, 0x800
	flags := int32(writeOnly | create | exclusive)
	if GOOS != "linux" {
		flags = writeOnly | createBSD | exclusiveBSD
	}
	file := open(&schedlabName[0], flags, 0o600)
	if file >= 0 {
		closefd(file)
		schedlabClaimed = true
	}
}

// schedlabWrite writes the file, once. It may run on any stack, in a program
// that has panicked, while other threads go on.
func schedlabWrite() {
	if !schedlabClaimed || !schedlabDone.CompareAndSwap(0, 1) {
		return
	}
	file := open(&schedlabName[0], 1, 0)
	if file < 0 {
		return
	}
	all := &schedlabProbes
	all.header.written = nanotime()
	used := uintptr(all.header.used)
	schedlabBytes(file, unsafe.Pointer(&all.header), unsafe.Sizeof(all.header))
	schedlabBytes(file, unsafe.Pointer(&all.slots[0]), used*unsafe.Sizeof(all.slots[0]))
	schedlabBytes(file, unsafe.Pointer(&all.slots[schedlabNobody]), unsafe.Sizeof(all.slots[0]))
	if schedlabRing {
		for i := range used {
			schedlabWriteRing(file, &all.slots[i])
		}
		schedlabWriteRing(file, &all.slots[schedlabNobody])
	}
	schedlabBytes(file, unsafe.Pointer(&all.header.magic), unsafe.Sizeof(all.header.magic))
	closefd(file)
}

func schedlabWriteRing(file int32, slot *schedlabSlot) {
	had := atomic.Load64(&slot.next)
	schedlabBytes(file, unsafe.Pointer(&had), unsafe.Sizeof(had))
	entries := min(had, schedlabRingLength)
	schedlabBytes(file, unsafe.Pointer(slot.ring), uintptr(entries)*unsafe.Sizeof(schedlabEvent{}))
	had = atomic.Load64(&slot.next)
	schedlabBytes(file, unsafe.Pointer(&had), unsafe.Sizeof(had))
}

func schedlabBytes(file int32, from unsafe.Pointer, size uintptr) {
	for size > 0 {
		const interrupted = -4
		n := write1(uintptr(file), from, int32(min(size, 1<<30)))
		if n == interrupted {
			continue
		}
		if n <= 0 {
			return
		}
		from, size = add(from, uintptr(n)), size-uintptr(n)
	}
}
