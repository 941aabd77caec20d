package report

import (
	"os"
	"runtime/pprof"
)

// CPUProfile begins a CPU profile into a file of that name, if there is a
// name; what it returns ends it.
func CPUProfile(name string) (stop func()) {
	if name == "" {
		return func() {}
	}
	file, err := os.Create(name)
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err != nil {
		Fail(err)
	}
	return func() {
		pprof.StopCPUProfile()
		if err := file.Close(); err != nil {
			Fail(err)
		}
	}
}
