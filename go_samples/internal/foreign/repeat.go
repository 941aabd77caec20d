package foreign

import (
	"runtime"
	"time"

	"schedlab/samples/internal/report"
)

// A Series says what calls one after the other cost.
type Series struct {
	Calls         int   `json:"calls"`
	ElapsedNS     int64 `json:"elapsed_ns"`
	CgoCalls      int64 `json:"cgo_calls"`
	ThreadsBefore int   `json:"threads_before"`
	ThreadsAfter  int   `json:"threads_after"`
}

// Repeat makes calls of one length, one after the other.
func Repeat(call Call, length time.Duration, times int) Series {
	s := Series{Calls: times, ThreadsBefore: report.Threads()}
	before, began := runtime.NumCgoCall(), time.Now()
	for range times {
		call(length)
	}
	s.ElapsedNS, s.CgoCalls = int64(time.Since(began)), runtime.NumCgoCall()-before
	s.ThreadsAfter = report.Threads()
	return s
}
