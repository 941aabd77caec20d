package main

import (
	"crypto/sha256"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"patients/program"
)

// An idle P takes any goroutine that waits (stealWork in runtime/proc.go), so
// a program needs the system's help to have the one beside the other. A thread
// that has a P and no CPU makes others wait as well.
var pinned = []program.Program{
	{Name: "nice_workers", Kind: "run queue imbalance", Also: []string{"P starvation"}, Run: niceWorkers},
	{Name: "idle_class", Kind: "run queue imbalance", Also: []string{"P starvation"}, Run: idleClass},
}

var laterPinned = []program.Program{
	{Name: "nice_archiver", Kind: "run queue imbalance", Run: niceArchiver},
}

// niceWorkers: the workers' threads share a CPU with the one that feeds them,
// and are of low priority.
func niceWorkers(end time.Time) {
	jobs := make(chan int, 64)
	var done sync.WaitGroup
	for range 3 {
		done.Go(func() {
			runtime.LockOSThread()
			bindToFirstCPU()
			beNice(19)
			for n := range jobs { // ill: nice_workers
				program.Spin(n)
			}
		})
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	bindToFirstCPU()
	for time.Now().Before(end) {
		program.Spin(2_000_000)
		select {
		case jobs <- 50_000:
		default:
		}
	}
	close(jobs)
	done.Wait()
}

// idleClass: metrics are to be sent when nothing else wants the CPU, and
// something always does.
func idleClass(end time.Time) {
	var done sync.WaitGroup
	done.Go(func() {
		runtime.LockOSThread()
		bindToFirstCPU()
		beOfIdleClass()
		for time.Now().Before(end) {
			time.Sleep(5 * time.Millisecond) // ill: idle_class
			program.Spin(10_000)
		}
	})
	done.Go(func() {
		runtime.LockOSThread()
		bindToFirstCPU()
		for time.Now().Before(end) {
			program.Spin(10_000_000)
		}
	})
	done.Wait()
}

// niceArchiver: the archiver's thread is polite, and has the same CPU as the
// encoder's. Its goroutine has a P, and the P has no CPU.
func niceArchiver(end time.Time) {
	chunks := make(chan []byte, 64)
	var done sync.WaitGroup
	done.Go(func() {
		runtime.LockOSThread()
		bindToFirstCPU()
		beNice(19)
		for chunk := range chunks { // ill: nice_archiver
			sha256.Sum256(chunk)
		}
	})
	done.Go(func() {
		runtime.LockOSThread()
		bindToFirstCPU()
		for time.Now().Before(end) {
			program.Spin(3_000_000)
			select {
			case chunks <- make([]byte, 4096):
			default:
			}
		}
		close(chunks)
	})
	done.Wait()
}

// bindToFirstCPU lets the calling thread run on the first CPU that it may use
// and on no other.
func bindToFirstCPU() {
	var mask [128]byte
	size, place := uintptr(len(mask)), uintptr(unsafe.Pointer(&mask))
	syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, size, place)
	for i, bits := range mask {
		if bits != 0 {
			mask = [128]byte{}
			mask[i] = bits & -bits
			break
		}
	}
	syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, size, place)
}

// beNice lowers the priority of the calling thread.
func beNice(by int) {
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), by); err != nil {
		panic(err)
	}
}

// beOfIdleClass lets the calling thread run when nobody else would
// (SCHED_IDLE, sched(7)).
func beOfIdleClass() {
	const idle = 5
	var priority int32
	_, _, err := syscall.RawSyscall(syscall.SYS_SCHED_SETSCHEDULER, 0, idle, uintptr(unsafe.Pointer(&priority)))
	if err != 0 {
		panic(err)
	}
}
