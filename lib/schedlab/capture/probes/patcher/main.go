// patcher writes changed copies of a few files of a Go toolchain's runtime:
// with calls of the hooks in ../hooks, with other constants,
// or with both. The toolchain's own files stay as they are.
//
// Every change hangs on names: of functions, of what they call, of fields. A
// name that is not there ends the program with status 3 and one line of JSON
// that says which. Line numbers stay the same, so that stack traces still fit
// the installed source.
//
//	patcher -runtime GOROOT/src/runtime -out FOLDER -hooks ../hooks
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	var wanted overrides
	folder := flag.String("runtime", "", "the folder with the runtime's sources")
	out := flag.String("out", "", "the folder for the changed files")
	hooks := flag.String("hooks", "", "the folder with the hooks; without it none is put in")
	flag.IntVar(&wanted.localQueue, "local-queue", 0, "places in the local run queue of a P")
	flag.IntVar(&wanted.globalEvery, "global-every", 0, "every how many turns the global queue comes first")
	flag.IntVar(&wanted.globalBatch, "global-batch", 0, "the most goroutines taken from the global queue at once")
	flag.Int64Var(&wanted.timeSlice, "time-slice", 0, "a goroutine's time slice, in ns")
	flag.BoolVar(&wanted.noStealing, "no-stealing", false, "take no goroutine from another P's queue")
	flag.BoolVar(&wanted.noRunnext, "no-runnext", false, "put every goroutine at the queue's end")
	flag.Parse()

	defer func() {
		if reason := recover(); reason != nil {
			gone, ok := reason.(missing)
			if !ok {
				panic(reason)
			}
			json.NewEncoder(os.Stderr).Encode(gone)
			os.Exit(3)
		}
	}()
	changed := newTree(*folder)
	if *hooks != "" {
		putProbes(changed)
		for name, text := range changed.hooks(*hooks) {
			write(*out, name, text)
		}
	}
	wanted.put(changed)
	for name, file := range changed.files {
		if text := file.edited(); text != nil {
			write(*out, name, text)
		}
	}
}

func write(folder, name string, text []byte) {
	if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
