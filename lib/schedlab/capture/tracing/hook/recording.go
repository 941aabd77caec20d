// schedlab lays this file over the standard library's package runtime/trace
// when it builds a program that it is to record. The program's own files stay
// as they are, and what they declare cannot clash with this.
//
// With SCHEDLAB_TRACE_FILE set, an execution trace goes to that file from
// here, before package main is initialised, until the time in
// SCHEDLAB_TRACE_FOR has passed or the program ends: by returning from main,
// by os.Exit, by log.Fatal. A signal cuts the trace: what the runtime had not
// yet handed out, about the last second, is lost. At a panic the runtime hands
// out what it has (fatalpanic in runtime/panic.go).
package trace

import (
	"internal/runtime/exithook"
	"os"
	"sync"
	"time"
)

// schedlabAtEnd is what else is to be written when the trace has ended.
var schedlabAtEnd func() error

func init() {
	name := os.Getenv("SCHEDLAB_TRACE_FILE")
	if name == "" {
		return
	}
	length, _ := time.ParseDuration(os.Getenv("SCHEDLAB_TRACE_FOR"))
	notices := os.Getenv("SCHEDLAB_TRACE_NOTICES")
	// A child of the program, perhaps the same program again, is not recorded.
	os.Unsetenv("SCHEDLAB_TRACE_FILE")
	os.Unsetenv("SCHEDLAB_TRACE_FOR")
	os.Unsetenv("SCHEDLAB_TRACE_NOTICES")

	file, err := os.Create(name)
	if err != nil {
		schedlabNotify(notices, "failed "+err.Error())
		return
	}
	out := &schedlabWriter{file: file}
	if err := Start(out); err != nil {
		schedlabNotify(notices, "failed "+err.Error())
		return
	}
	var once sync.Once
	stop := func(why string) {
		once.Do(func() {
			Stop()
			if err := file.Close(); out.err == nil {
				out.err = err
			}
			if schedlabAtEnd != nil && out.err == nil {
				out.err = schedlabAtEnd()
			}
			if out.err != nil {
				why = "failed " + out.err.Error()
			}
			schedlabNotify(notices, why)
		})
	}
	exithook.Add(exithook.Hook{F: func() { stop("exit") }, RunOnFailure: true})
	time.AfterFunc(length, func() { stop("seconds") })
	schedlabNotify(notices, "started")
}

// A schedlabWriter keeps the first error, which the tracer does not.
type schedlabWriter struct {
	file *os.File
	err  error
}

func (w *schedlabWriter) Write(data []byte) (int, error) {
	n, err := w.file.Write(data)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}
