// subject is what the tests of schedlab.process run: a program that does one named thing.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	acts := map[string]func(args []string){
		"binary":   binary,
		"burn":     burn,
		"comet":    comet,
		"daemon":   daemon,
		"endless":  endless,
		"exit":     func(args []string) { os.Exit(number(args, 0)) },
		"facts":    facts,
		"kill":     func(args []string) { must(syscall.Kill(os.Getpid(), syscall.Signal(number(args, 0)))); sleep() },
		"lines":    lines,
		"mute":     mute,
		"panic":    func([]string) { panic("as asked") },
		"polite":   polite,
		"print":    printBytes,
		"sleep":    func([]string) { sleep() },
		"stubborn": stubborn,
		"tree":     tree,
		"twin":     twin,
		"twins":    twins,
	}
	acts[os.Args[1]](os.Args[2:])
}

// facts prints as JSON all that a program can see of how it was started.
func facts(args []string) {
	stdin, err := io.ReadAll(os.Stdin)
	must(err)
	status, err := os.ReadFile("/proc/self/status")
	must(err)
	groups, err := os.ReadFile("/proc/self/cgroup")
	must(err)
	folder, err := os.Getwd()
	must(err)
	must(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"args":       args,
		"env":        os.Environ(),
		"num_cpu":    runtime.NumCPU(),
		"gomaxprocs": runtime.GOMAXPROCS(0),
		"stdin":      string(stdin),
		"folder":     folder,
		"cgroups":    strings.Fields(string(groups)),
		"pid":        os.Getpid(),
		"group":      syscall.Getpgrp(),
		"fds":        inherited(),
		"ignored":    statusField(status, "SigIgn"),
		"blocked":    statusField(status, "SigBlk"),
	}))
}

// inherited lists what the descriptors point to, but for those that the Go runtime made itself.
func inherited() []string {
	entries, err := os.ReadDir("/proc/self/fd")
	must(err)
	var targets []string
	for _, entry := range entries {
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		if err == nil && !strings.HasPrefix(target, "anon_inode:[event") {
			targets = append(targets, entry.Name()+" "+target)
		}
	}
	return targets
}

func statusField(status []byte, name string) string {
	for _, line := range strings.Split(string(status), "\n") {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// tree starts <width> children that start <width> children and so on, <depth> generations. All ignore
// the signals that can be ignored; every second one begins a session of its own. The root prints "ready"
// once all run, and then nobody ever ends.
func tree(args []string) {
	ignoreAll()
	depth, width := number(args, 0), number(args, 1)
	var reports []*bufio.Reader
	for i := 0; depth > 0 && i < width; i++ {
		child := exec.Command(os.Args[0], "tree", strconv.Itoa(depth-1), strconv.Itoa(width))
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: i%2 == 0}
		report, err := child.StdoutPipe()
		must(err)
		must(child.Start())
		reports = append(reports, bufio.NewReader(report))
	}
	for _, report := range reports {
		_, err := report.ReadString('\n')
		must(err)
	}
	fmt.Println("ready")
	sleep()
}

// daemon leaves a process behind that has a session of its own, has lost its parent, and holds stdout open.
func daemon(args []string) {
	generation := number(args, 0)
	if generation == 0 {
		fmt.Println("daemon runs")
		sleep()
	}
	child := exec.Command(os.Args[0], "daemon", strconv.Itoa(generation-1))
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	must(child.Start())
	fmt.Println("parent ends")
}

// comet never stays: each process starts the next one and ends, <generations> times; the first one waits.
func comet(args []string) {
	ignoreAll()
	left := number(args, 0)
	if left > 0 {
		next := exec.Command(os.Args[0], "comet", strconv.Itoa(left-1), "moving")
		next.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		must(next.Start())
	}
	if len(args) == 1 {
		fmt.Println("ready")
		sleep()
	}
}

// twins are two processes, each of which starts the other anew when it ends, until <deadline> (Unix time).
func twins(args []string) {
	ignoreAll()
	for time.Now().Unix() < int64(number(args, 0)) {
		other := exec.Command(os.Args[0], "twin", args[0])
		other.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		// The far ends of these pipes close when their holder dies, and that is how it is noticed.
		fromOther, err := other.StdoutPipe()
		must(err)
		_, err = other.StdinPipe()
		must(err)
		must(other.Start())
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, fromOther)
		_ = other.Wait()
	}
}

func twin(args []string) {
	ignoreAll()
	_, _ = io.Copy(io.Discard, os.Stdin)
	twins(args)
}

// burn uses CPU on one thread until the process has used <milliseconds> of it.
func burn(args []string) {
	limit := int64(number(args, 0)) * int64(time.Millisecond)
	for cpuTime() < limit {
		for i := 0; i < 100_000; i++ {
			sink += i
		}
	}
}

var sink int

func cpuTime() int64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// lines prints <count> numbered lines to stdout, and every tenth to stderr too.
func lines(args []string) {
	out := bufio.NewWriter(os.Stdout)
	for i := 0; i < number(args, 0); i++ {
		fmt.Fprintf(out, "line %d\n", i)
		if i%10 == 0 {
			fmt.Fprintf(os.Stderr, "tenth %d\n", i)
		}
	}
	must(out.Flush())
}

// print prints <bytes> bytes in lines of <length> bytes, line end included; 0 for no line ends.
func printBytes(args []string) {
	total, length := number(args, 0), number(args, 1)
	line := bytes.Repeat([]byte("x"), 1<<16)
	if length > 0 {
		line = append(bytes.Repeat([]byte("x"), length-1), '\n')
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	for total > 0 {
		count := min(total, len(line))
		_, err := out.Write(line[:count])
		must(err)
		total -= count
	}
	must(out.Flush())
}

func endless([]string) {
	chunk := bytes.Repeat([]byte("y"), 1<<16)
	for {
		_, err := os.Stdout.Write(chunk)
		must(err)
	}
}

func binary([]string) {
	_, err := os.Stdout.Write([]byte("a\xff\xfe\x00b\n\xe4\xb8"))
	must(err)
}

// mute closes stdout long before it ends: stderr still works.
func mute([]string) {
	fmt.Println("last words")
	must(os.Stdout.Close())
	fmt.Fprintln(os.Stderr, "still here")
}

func polite([]string) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1)
	fmt.Println("ready")
	for received := range signals {
		fmt.Println("got", received)
		if received == syscall.SIGTERM {
			return
		}
	}
}

func stubborn([]string) {
	ignoreAll()
	fmt.Println("ready")
	sleep()
}

func ignoreAll() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGQUIT)
}

// sleep ends at last, so that a failed test does not burden the machine for ever.
func sleep() {
	time.Sleep(10 * time.Minute)
}

func number(args []string, index int) int {
	value, err := strconv.Atoi(args[index])
	must(err)
	return value
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
