package main

import "runtime"

// drive writes all messages to the device, from one thread.
func drive(d *device, seed int) {
	runtime.LockOSThread()
	// Room for many: neither side waits for each message of the other.
	made := make(chan int, 100)
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
