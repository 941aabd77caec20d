// schedlab lays this file, too, over the standard library's package
// runtime/trace when a program's allocations are to be recorded beside its
// trace. Without runtime/pprof in a program the linker switches its memory
// profile off; so this import is what makes the program sample, one stack in
// half a megabyte of allocations (runtime.MemProfileRate).
//
// With SCHEDLAB_ALLOCATIONS_FILE set, the profile goes there when the trace has
// ended.
package trace

import (
	"os"
	"runtime"
	"runtime/pprof"
)

func init() {
	name := os.Getenv("SCHEDLAB_ALLOCATIONS_FILE")
	os.Unsetenv("SCHEDLAB_ALLOCATIONS_FILE")
	if name == "" {
		return
	}
	schedlabAtEnd = func() error {
		// The profile is that of the last collection but one (memRecord in
		// runtime/mprof.go).
		runtime.GC()
		runtime.GC()
		file, err := os.Create(name)
		if err != nil {
			return err
		}
		if err := pprof.Lookup("allocs").WriteTo(file, 0); err != nil {
			file.Close()
			return err
		}
		return file.Close()
	}
}
