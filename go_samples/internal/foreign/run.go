package foreign

import (
	"flag"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"schedlab/samples/internal/report"
)

// Run is what a program of foreign calls does: it reads the flags and prints
// what was found. Calls are by name; the first word of the flag -how chooses.
func Run(calls map[string]Call) {
	what := flag.String("what", "together", "together: many calls at once; lose: one call at a time on one P; repeat: one after the other")
	how := flag.String("how", "sleep", "what a call does")
	n := flag.Int("goroutines", 20, "how many goroutines call at once")
	limit := flag.Int("limit", 0, "how many calls may be out at a time; 0 is no limit")
	length := flag.Duration("length", 200*time.Millisecond, "how long a call lasts")
	watch := flag.Duration("watch", 50*time.Millisecond, "how long the computing goroutines are watched")
	times := flag.Int("times", 10, "how many calls of each length")
	lengths := flag.String("lengths", "1ms,5ms,15ms,60ms", "the lengths of calls that may lose their P")
	rest := flag.Duration("rest", 0, "how long to do nothing before each call that may lose its P")
	most := flag.Int("max-threads", 0, "how many threads the runtime may make; 0 leaves it as it is")
	cpu := flag.String("cpu", "", "a file for the CPU profile")
	trace := flag.String("trace", "", "a file for the execution trace")
	flag.Parse()

	call, known := calls[*how]
	if !known {
		report.Fail(fmt.Errorf("no call does %q", *how))
	}
	if *most > 0 {
		debug.SetMaxThreads(*most)
	}
	stopTrace, stopCPU := report.Trace(*trace), report.CPUProfile(*cpu)
	switch *what {
	case "together":
		defer report.Print(Together(call, *n, *limit, *length, *watch))
	case "lose":
		defer report.Print(Lose(call, durations(*lengths), *times, *rest))
	case "repeat":
		defer report.Print(Repeat(call, *length, *times))
	default:
		report.Fail(fmt.Errorf("there is no %q", *what))
	}
	stopCPU()
	stopTrace()
}

func durations(listed string) []time.Duration {
	var found []time.Duration
	for _, word := range strings.Split(listed, ",") {
		length, err := time.ParseDuration(word)
		if err != nil {
			report.Fail(err)
		}
		found = append(found, length)
	}
	return found
}
