package main

import "syscall"

func selectNothing(wait *syscall.Timeval) error {
	_, err := syscall.Select(0, nil, nil, nil, wait)
	return err
}
