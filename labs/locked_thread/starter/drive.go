package main

import "runtime"

// drive writes all messages to the device, from one thread.
func drive(d *device, seed int) {
	runtime.LockOSThread()
	made := make(chan int)
	go produce(made, seed)
	for message := range made {
		d.write(message)
	}
}

// produce makes the messages.
func produce(made chan<- int, seed int) {
	for n := range messages {
		made <- seed + n
	}
	close(made)
}
