package main

import (
	"encoding/binary"
	"log"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// numbers come from a device that numbers receipts for the tax office. It is
// a file that cannot be polled. Here it is a pipe, with the device at its
// other end.
type numbers struct {
	last atomic.Uint64
}

func openNumbers() *numbers {
	return &numbers{}
}

// next is a number that nobody had before.
func (n *numbers) next() uint64 {
	return n.ask(1) // fault
}

// ask waits in the kernel for so many numbers, and gives the first.
func (n *numbers) ask(count uint64) uint64 {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		log.Fatal(err)
	}
	defer syscall.Close(ends[0])
	go n.device(os.NewFile(uintptr(ends[1]), "device"), count)
	var number [8]byte
	if _, err := syscall.Read(ends[0], number[:]); err != nil { // fault
		log.Fatal(err)
	}
	return binary.BigEndian.Uint64(number[:])
}

// device takes its time for each who asks, however many ask.
func (n *numbers) device(file *os.File, count uint64) {
	defer file.Close()
	time.Sleep(12 * time.Millisecond)
	first := n.last.Add(count) - count + 1
	if _, err := file.Write(binary.BigEndian.AppendUint64(nil, first)); err != nil {
		log.Fatal(err)
	}
}
