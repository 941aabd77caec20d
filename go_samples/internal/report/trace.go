package report

import (
	"os"
	"runtime/trace"
)

// Trace begins an execution trace into a file of that name, if there is a
// name; what it returns ends it.
func Trace(name string) (stop func()) {
	if name == "" {
		return func() {}
	}
	file, err := os.Create(name)
	if err == nil {
		err = trace.Start(file)
	}
	if err != nil {
		Fail(err)
	}
	return func() {
		trace.Stop()
		if err := file.Close(); err != nil {
			Fail(err)
		}
	}
}
