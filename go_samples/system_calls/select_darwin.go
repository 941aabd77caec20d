package main

import "syscall"

func selectNothing(wait *syscall.Timeval) error {
	return syscall.Select(0, nil, nil, nil, wait)
}
