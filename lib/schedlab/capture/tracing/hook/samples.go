// schedlab lays this file, too, over the standard library's package
// runtime/trace when CPU samples are to be in a program's trace. A trace takes
// up whatever samples the runtime's CPU profiler makes (traceCPUSample in
// runtime/tracecpu.go), so it is enough to switch that on; nobody reads the
// profile itself.
//
// Should the program start a CPU profile of its own, the runtime says on
// standard error that it cannot set the rate, and profiles all the same.
package trace

import (
	"os"
	"runtime"
)

// What runtime/pprof takes: a prime would do as well, much more would cost.
const schedlabSamplesPerSecond = 100

func init() {
	asked := os.Getenv("SCHEDLAB_SAMPLES") != ""
	os.Unsetenv("SCHEDLAB_SAMPLES")
	if asked {
		runtime.SetCPUProfileRate(schedlabSamplesPerSecond)
	}
}
