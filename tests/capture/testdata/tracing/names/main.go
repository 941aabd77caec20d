// names uses the names that a recorder might want, and starts a trace itself.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	runtimetrace "runtime/trace"
	"strings"
)

var trace, syscall, stop = "trace", "syscall", "stop"

func init() { fmt.Println("init") }

func schedlabNotify() {}

func main() {
	if len(os.Args) > 1 {
		return
	}
	schedlabNotify()
	for _, setting := range os.Environ() {
		if strings.HasPrefix(setting, "SCHEDLAB_TRACE") || strings.HasPrefix(setting, "SCHEDLAB_FLIGHT") {
			fmt.Println("seen", setting)
		}
	}
	child, err := exec.Command(os.Args[0], "child").CombinedOutput()
	fmt.Printf("child %q %v\n", child, err)
	fmt.Println("own trace:", runtimetrace.Start(io.Discard))
	fmt.Println(trace, syscall, stop)
}
