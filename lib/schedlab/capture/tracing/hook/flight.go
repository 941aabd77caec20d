// schedlab lays this file over the standard library's package runtime/trace
// when it builds a program that is to run with a flight recorder (Go 1.25 or
// newer). The program's own files stay as they are.
//
// With SCHEDLAB_FLIGHT_FOLDER set, the last moments of the program are kept
// in memory: at least SCHEDLAB_FLIGHT_AGE, in about SCHEDLAB_FLIGHT_BYTES. A
// snapshot of them goes to a file of that folder at each SIGUSR1, once when
// the time in SCHEDLAB_FLIGHT_FOR has passed, and when the program ends: by
// returning from main, by os.Exit, by log.Fatal.
package trace

import (
	"internal/runtime/exithook"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"
)

func init() {
	folder := os.Getenv("SCHEDLAB_FLIGHT_FOLDER")
	if folder == "" {
		return
	}
	age, _ := time.ParseDuration(os.Getenv("SCHEDLAB_FLIGHT_AGE"))
	length, _ := time.ParseDuration(os.Getenv("SCHEDLAB_FLIGHT_FOR"))
	size, _ := strconv.ParseUint(os.Getenv("SCHEDLAB_FLIGHT_BYTES"), 10, 64)
	notices := os.Getenv("SCHEDLAB_FLIGHT_NOTICES")
	// A child of the program, perhaps the same program again, is not recorded.
	for _, name := range []string{"FOLDER", "AGE", "FOR", "BYTES", "NOTICES"} {
		os.Unsetenv("SCHEDLAB_FLIGHT_" + name)
	}

	recorder := NewFlightRecorder(FlightRecorderConfig{MinAge: age, MaxBytes: size})
	if err := recorder.Start(); err != nil {
		schedlabNotify(notices, "failed "+err.Error())
		return
	}
	var mutex sync.Mutex
	number := 0
	snapshot := func(why string) {
		mutex.Lock()
		defer mutex.Unlock()
		number++
		name := strconv.Itoa(number) + ".trace"
		if err := schedlabSnapshot(recorder, folder+"/"+name); err != nil {
			schedlabNotify(notices, "failed "+err.Error())
			return
		}
		schedlabNotify(notices, why+" "+name)
	}
	exithook.Add(exithook.Hook{F: func() { snapshot("exit") }, RunOnFailure: true})
	if length > 0 {
		time.AfterFunc(length, func() { snapshot("seconds") })
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			snapshot("signal")
		}
	}()
	schedlabNotify(notices, "started")
}

func schedlabSnapshot(recorder *FlightRecorder, name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := recorder.WriteTo(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
