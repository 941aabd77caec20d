// lookups looks up many names at once while nobody answers: by Go itself, or
// by the C library.
//
// Watch for: a lookup that Go does waits in the network poller and costs no
// thread; one that C does keeps a thread, also after its context has ended.
// Package net lets only so many of these begin.
//
//	./lookups -by go
//	./lookups -by c
//	./lookups -by c -files 64
package main

import "C" // Package net asks the C library only in a program that is built with cgo.

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"schedlab/samples/internal/report"
)

type result struct {
	By         string `json:"by"`
	Lookups    int    `json:"lookups"`
	OpenFiles  uint64 `json:"open_files"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	// How many lookups hang; the others found a way to fail at once.
	Hanging       int `json:"hanging"`
	ThreadsBefore int `json:"threads_before"`
	ThreadsDuring int `json:"threads_during"`
	// Goroutines in C or in a system call, while the lookups hang and after
	// all callers have given up; -1 before Go 1.26, which does not count them.
	InC      int64 `json:"in_c"`
	InCAfter int64 `json:"in_c_after"`
	Returned int   `json:"returned"`
}

func main() {
	by := flag.String("by", "go", "who looks the names up: go or c")
	lookups := flag.Int("lookups", 100, "how many names are looked up at once")
	files := flag.Uint64("files", 0, "how many files the program may have open; 0: as it is")
	flag.Parse()

	who, known := resolvers[*by]
	if !known || *lookups < 1 {
		report.Fail(fmt.Errorf("lookups: cannot do %d lookups by %q", *lookups, *by))
	}
	allowed, err := openFiles(*files)
	if err != nil {
		report.Fail(err)
	}
	silent, err := who()
	if err != nil {
		report.Fail(err)
	}
	defer silent.remove()
	r, err := hang(silent, *lookups)
	if err != nil {
		silent.remove()
		report.Fail(err)
	}
	r.By, r.OpenFiles = *by, allowed
	report.Print(r)
}

// A silence is a resolver that gets no answer: asked says whether its first
// question has arrived.
type silence struct {
	resolver *net.Resolver
	asked    func() bool
	remove   func()
}

var resolvers = map[string]func() (silence, error){"go": byGo, "c": byC}

// hang starts n lookups, looks at the threads when no more of them will
// begin, and then ends their common context.
func hang(silent silence, n int) (result, error) {
	r := result{Lookups: n, GOMAXPROCS: runtime.GOMAXPROCS(0), ThreadsBefore: report.Threads()}
	ctx, giveUp := context.WithCancel(context.Background())
	defer giveUp()
	var back atomic.Int64
	// Each looks up another name, or package net would ask once for all.
	// Without a dot, so that the C library looks into its file of aliases.
	lookUp := func(i int) {
		silent.resolver.LookupIPAddr(ctx, fmt.Sprintf("nobody%d", i))
		back.Add(1)
	}
	go lookUp(0)
	for !silent.asked() {
		if back.Load() > 0 {
			return r, errors.New("lookups: on this machine a lookup ends before it asks whom it was to ask")
		}
		time.Sleep(time.Millisecond)
	}
	for i := 1; i < n; i++ {
		go lookUp(i)
	}
	settle()
	r.Hanging = n - int(back.Load())
	r.ThreadsDuring, r.InC = report.Threads(), outside()
	giveUp()
	for deadline := time.Now().Add(10 * time.Second); int(back.Load()) < n && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	r.Returned, r.InCAfter = int(back.Load()), outside()
	return r, nil
}

// settle waits until no goroutine is ready to begin a lookup, and the number
// of threads has been the same for a while.
func settle() {
	last, since := report.Threads(), time.Now()
	for time.Since(since) < 200*time.Millisecond {
		time.Sleep(5 * time.Millisecond)
		ready := report.Metric("/sched/goroutines/runnable:goroutines")
		if now := report.Threads(); now != last || ready > 0 {
			last, since = now, time.Now()
		}
	}
}

func outside() int64 {
	return report.Metric("/sched/goroutines/not-in-go:goroutines")
}

// byGo gives a resolver that does its work in Go, and asks a server on the
// loopback address that never answers.
func byGo() (silence, error) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return silence{}, err
	}
	var asked atomic.Bool
	go func() {
		server.ReadFrom(make([]byte, 512))
		asked.Store(true)
	}()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "udp", server.LocalAddr().String())
	}
	return silence{&net.Resolver{PreferGo: true, Dial: dial}, asked.Load, func() { server.Close() }}, nil
}

// byC gives the C library's resolver, which hangs before it asks anybody:
// HOSTALIASES names a file of aliases that glibc reads first, and here that is
// a pipe in which nothing comes. That the variable is set also makes package
// net leave the lookup to the C library.
func byC() (silence, error) {
	folder, err := os.MkdirTemp("", "lookups-")
	if err != nil {
		return silence{}, err
	}
	aliases := filepath.Join(folder, "aliases")
	remove := func() { os.RemoveAll(folder) }
	if err := errors.Join(syscall.Mkfifo(aliases, 0o600), os.Setenv("HOSTALIASES", aliases)); err != nil {
		remove()
		return silence{}, err
	}
	// A pipe can be opened for writing at once only if somebody has it open for
	// reading. This end stays open, or a reader would find the end of the file.
	asked := func() bool {
		_, err := syscall.Open(aliases, syscall.O_WRONLY|syscall.O_NONBLOCK, 0)
		return err == nil
	}
	return silence{net.DefaultResolver, asked, remove}, nil
}

// openFiles lowers the limit of open files to n and gives what it is then.
func openFiles(n uint64) (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || n == 0 {
		return limit.Cur, err
	}
	limit.Cur = min(n, limit.Max)
	return limit.Cur, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
