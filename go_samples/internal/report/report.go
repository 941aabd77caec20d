// Package report prints what a sample found as one line of JSON, and reads
// the scheduler's own numbers for it.
package report

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/metrics"
)

// Print writes result to standard output as one line of JSON.
func Print(result any) {
	line, err := json.Marshal(result)
	if err != nil {
		Fail(err)
	}
	fmt.Println(string(line))
}

// Fail ends the program with status 1 and the reason on standard error.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Metric reads one counter of runtime/metrics, such as
// "/sched/goroutines:goroutines". It is -1 where this Go release has none
// of that name.
func Metric(name string) int64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return -1
	}
	return int64(sample[0].Value.Uint64())
}
