//go:build go1.25

package main

import (
	"runtime/trace"
	"time"
)

func newRecorder(window time.Duration) (recorder, error) {
	return trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: window}), nil
}
