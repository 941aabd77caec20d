//go:build !go1.25

package main

import (
	"fmt"
	"runtime"
	"time"
)

func newRecorder(time.Duration) (recorder, error) {
	return nil, fmt.Errorf("flight_recorder: %s has no flight recorder; build it with Go 1.25 or newer", runtime.Version())
}
