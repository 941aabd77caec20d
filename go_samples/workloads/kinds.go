package main

import (
	"io"
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

// each runs work in so many goroutines and waits for all.
func each(goroutines int, work func(number int)) {
	var all sync.WaitGroup
	for number := range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			work(number)
		}()
	}
	all.Wait()
}

// yield has more goroutines than Ps, which give way after each bit of work.
func yield(s size) {
	each(s.goroutines, func(int) {
		for range s.turns {
			report.Spin(s.spin)
			runtime.Gosched()
		}
	})
}

// mixed gives way after every other bit of work, and sleeps after the rest.
func mixed(s size) {
	each(s.goroutines, func(int) {
		for turn := range s.turns {
			report.Spin(s.spin)
			if turn%2 == 0 {
				runtime.Gosched()
			} else {
				time.Sleep(s.sleep)
			}
		}
	})
}

// pingpong is a pair that hands a token back and forth.
func pingpong(s size) {
	there, back := make(chan int), make(chan int)
	each(2, func(number int) {
		for turn := range s.turns {
			report.Spin(s.spin)
			if number == 0 {
				there <- turn
				<-back
			} else {
				<-there
				back <- turn
			}
		}
	})
}

// threads is such a pair that never leaves its two threads: to hand over is
// to wake a thread, whose delay a trace then shows.
func threads(s size) {
	there, back := make(chan int), make(chan int)
	each(2, func(number int) {
		runtime.LockOSThread()
		for turn := range s.turns {
			if number == 0 {
				there <- turn
				<-back
			} else {
				<-there
				back <- turn
			}
		}
	})
}

// produce has one goroutine that makes work for the others.
func produce(s size) {
	jobs := make(chan int, 16)
	each(s.goroutines+1, func(number int) {
		if number > 0 {
			for range jobs {
				report.Spin(s.spin)
			}
			return
		}
		for turn := range s.turns {
			report.Spin(s.spin / 10)
			jobs <- turn
		}
		close(jobs)
	})
}

// fan starts goroutines and waits for all of them, again and again.
func fan(s size) {
	for range s.turns {
		each(s.goroutines, func(int) { report.Spin(s.spin) })
	}
}

// syscalls blocks in a system call after each bit of work.
func syscalls(s size) {
	each(s.goroutines, func(int) {
		for range s.turns {
			report.Spin(s.spin)
			pause := syscall.NsecToTimespec(s.sleep.Nanoseconds())
			if err := syscall.Nanosleep(&pause, nil); err != nil && err != syscall.EINTR {
				report.Fail(err)
			}
		}
	})
}

// echo has pairs that send a message over loopback and back.
func echo(s size) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		report.Fail(err)
	}
	var servers sync.WaitGroup
	servers.Add(s.goroutines)
	go func() {
		for range s.goroutines {
			connection, err := listener.Accept()
			if err != nil {
				report.Fail(err)
			}
			go func() {
				defer servers.Done()
				// The end of a conversation is a clean one, or the client says what was wrong.
				_, _ = io.Copy(connection, connection)
				_ = connection.Close()
			}()
		}
	}()
	each(s.goroutines, func(int) { converse(s, listener.Addr().String()) })
	servers.Wait()
	_ = listener.Close()
}

func converse(s size, address string) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		report.Fail(err)
	}
	message := make([]byte, 64)
	for range s.turns {
		report.Spin(s.spin)
		if _, err := connection.Write(message); err != nil {
			report.Fail(err)
		}
		if _, err := io.ReadFull(connection, message); err != nil {
			report.Fail(err)
		}
	}
	_ = connection.Close()
}

type node struct {
	next *node
	_    [56]byte
}

// kept is the live heap of collect: 32 MiB of small objects.
var kept *node

// collect allocates, so that the garbage collector runs again and again.
func collect(s size) {
	for range 1 << 19 {
		kept = &node{next: kept}
	}
	last := make([][]byte, s.goroutines)
	each(s.goroutines, func(number int) {
		for range s.turns {
			report.Spin(s.spin)
			// Kept for one turn, or it would be on the stack.
			last[number] = make([]byte, 64<<10)
		}
	})
}
