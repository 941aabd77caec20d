// A program that, at SIGUSR1, is replaced by itself (exec).
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Println(os.Args[1])
		time.Sleep(100 * time.Second)
		return
	}
	wanted := make(chan os.Signal, 1)
	signal.Notify(wanted, syscall.SIGUSR1)
	fmt.Println("first")
	<-wanted
	err := syscall.Exec("/proc/self/exe", []string{os.Args[0], "second"}, os.Environ())
	fmt.Println(err)
	os.Exit(1)
}
