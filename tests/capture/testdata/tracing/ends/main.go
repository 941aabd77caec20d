// ends ends in one of many ways, or does not end.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	how := flag.String("how", "return", "return, exit, fatal, panic, kill, stop or never")
	recorded := flag.Bool("recorded", false, "first wait until some of the trace is in its file")
	interrupt := flag.Int("interrupt", 0, "send SIGINT to this process first")
	pid := flag.String("pid", "", "write the process id into this file")
	flag.Parse()

	fmt.Println("begun")
	if *pid != "" {
		if err := os.WriteFile(*pid, []byte(fmt.Sprint(os.Getpid())), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	for *recorded && !traceHasData() {
		time.Sleep(10 * time.Millisecond)
	}
	if *interrupt != 0 {
		syscall.Kill(*interrupt, syscall.SIGINT)
	}
	switch *how {
	case "exit":
		os.Exit(3)
	case "fatal":
		log.Fatal("fatal on purpose")
	case "panic":
		panic("a panic on purpose")
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "stop":
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case "never":
		time.Sleep(time.Hour)
	}
}

// traceHasData finds the trace among the open files: the recorder hides its
// name from the program.
func traceHasData() bool {
	links, _ := filepath.Glob("/proc/self/fd/*")
	for _, link := range links {
		name, _ := os.Readlink(link)
		if file, err := os.Stat(name); err == nil && strings.HasSuffix(name, "/trace") {
			return file.Size() > 1000
		}
	}
	return false
}
