package main

import (
	"encoding/binary"
	"log"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// block is how many numbers are asked for at once.
const block = 200

// numbers come from a device that numbers receipts for the tax office. It is
// a file that cannot be polled. Here it is a pipe, with the device at its
// other end.
type numbers struct {
	last  atomic.Uint64
	ready chan uint64
}

func openNumbers() *numbers {
	n := &numbers{ready: make(chan uint64, block)}
	go n.fetch()
	return n
}

// next is a number that nobody had before.
func (n *numbers) next() uint64 {
	return <-n.ready
}

// fetch keeps some numbers ready.
func (n *numbers) fetch() {
	for {
		first := n.ask(block)
		for number := range uint64(block) {
			n.ready <- first + number
		}
	}
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
	if _, err := syscall.Read(ends[0], number[:]); err != nil {
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
